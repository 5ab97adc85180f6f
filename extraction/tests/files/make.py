"""Writes the files beside it: pip install reportlab python-docx; apt-get install qpdf fonts-dejavu-core."""
import subprocess
from docx import Document
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import getSampleStyleSheet, ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, ListFlowable

pdfmetrics.registerFont(TTFont("DejaVu", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"))
styles = getSampleStyleSheet()
body = ParagraphStyle("b", parent=styles["BodyText"], fontName="DejaVu", fontSize=10)
story = [
    Paragraph("Returns and refunds", styles["Heading1"]),
    Paragraph("You can return a product within thirty days of its delivery, as long as it is unused "
              "and in its original packaging. Größe, Äpfel, 価格 and Žižkov are written as they are.", body),
    Paragraph("How long does a refund take?", styles["Heading2"]),
    Paragraph("A refund takes five working days. It goes to the card that was charged.", body),
    ListFlowable([Paragraph("Visa", body), Paragraph("Mastercard", body)], bulletType="bullet"),
]
SimpleDocTemplate("manual.pdf", pagesize=A5, title="Shop manual").build(story)
subprocess.run(["qpdf", "--object-streams=generate", "manual.pdf", "packed.pdf"], check=True)
subprocess.run(["qpdf", "--encrypt", "secret", "owner", "256", "--", "manual.pdf", "locked.pdf"], check=True)
c = canvas.Canvas("scan.pdf", pagesize=A5)
c.rect(50, 50, 200, 200, fill=1)
c.save()

d = Document()
d.core_properties.title = "Staff handbook"
d.add_heading("Holidays", 1)
d.add_paragraph("Everyone has thirty days & may carry over five.")
d.add_heading("Asking for days", 2)
d.add_paragraph("Ask your lead", style="List Number")
d.add_paragraph("Enter the days", style="List Number")
d.add_paragraph("No reason needed", style="List Bullet")
t = d.add_table(rows=0, cols=2)
for a, b in (("Role", "Days"), ("Engineer", "30"), ("Lead | head", "32")):
    r = t.add_row().cells
    r[0].text, r[1].text = a, b
p = d.add_paragraph("Seen")
p.add_run(" unseen").font.hidden = True
d.save("handbook.docx")

# Without the template's thumbnail, theme, and old styles, which are most of the file.
import os, zipfile
with zipfile.ZipFile("handbook.docx") as old, zipfile.ZipFile("small.docx", "w", zipfile.ZIP_DEFLATED) as new:
    for name in old.namelist():
        if "thumbnail" not in name and "theme" not in name and "Effects" not in name:
            new.writestr(name, old.read(name))
os.replace("small.docx", "handbook.docx")
