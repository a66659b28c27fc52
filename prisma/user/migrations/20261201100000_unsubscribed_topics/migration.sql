-- Mails that a person takes no more. Without a row they take them.
CREATE TABLE unsubscribed_topic (
  user_id text NOT NULL REFERENCES "user",
  topic text NOT NULL CONSTRAINT unsubscribed_topic_topic_check CHECK (topic = ANY (ARRAY['GETTING_STARTED'])),
  since timestamptz(3) NOT NULL,
  PRIMARY KEY (user_id, topic)
);
ALTER TABLE unsubscribed_topic ENABLE ROW LEVEL SECURITY;
ALTER TABLE unsubscribed_topic FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON unsubscribed_topic USING (user_id = ANY (current_tenants()));
GRANT SELECT, INSERT, DELETE ON unsubscribed_topic TO tributary_user_app;
