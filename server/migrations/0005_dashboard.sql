-- What the dashboard shows of conversations.

-- Which agent answered; null for turns from before this was kept.
ALTER TABLE turns ADD COLUMN agent_id TEXT;
-- JSON array: what the agent looked up for this answer.
ALTER TABLE messages ADD COLUMN tools TEXT NOT NULL DEFAULT '[]';
-- All of a visitor's conversations: to show them beside each other, and to remove them on request.
CREATE INDEX conversations_of_visitor ON conversations (owner, session_id);
