#!/usr/bin/env python3
"""Makes assets/sound.mp3: two soft strokes on wood, half a second. Needs lame.

A bar of a marimba swings at its tone and, shorter and softer, at four and about ten times that.
"""
import math
import struct
import subprocess
import wave

RATE = 44100
SECONDS = 0.5
STROKES = [(0.0, 659.26, 0.8), (0.11, 987.77, 1.0)]  # when, Hz, how hard
SWINGS = [(1.0, 1.0, 9.0), (3.98, 0.22, 26.0), (9.9, 0.06, 60.0)]  # times the tone, level, decay


def level(time):
    total = 0.0
    for start, tone, force in STROKES:
        since = time - start
        if since > 0:
            attack = min(1.0, since / 0.004)
            for times, share, decay in SWINGS:
                total += force * attack * share * math.exp(-decay * since) * math.sin(2 * math.pi * tone * times * since)
    return 0.28 * total * min(1.0, (SECONDS - time) / 0.06)


samples = [round(32767 * level(n / RATE)) for n in range(int(RATE * SECONDS))]
with wave.open("/tmp/sound.wav", "wb") as file:
    file.setparams((1, 2, RATE, 0, "NONE", ""))
    file.writeframes(struct.pack(f"<{len(samples)}h", *samples))
subprocess.run(["lame", "--quiet", "-t", "-m", "m", "-b", "64", "/tmp/sound.wav", "assets/sound.mp3"], check=True)
