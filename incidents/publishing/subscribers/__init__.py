"""Who wants to hear of what is published: by mail, by signed webhook, in a chat room."""
