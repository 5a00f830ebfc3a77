"""Open inboxes: what comes into an inbox appears on every device that looks at it, by SSE or WebSocket.

`hub.py` brings news to this process, one Redis connection for all its clients; `stream.py` is one client's share of it;
`sse.py` and `websocket.py` speak the two protocols. While Redis is out the hub looks into the database instead.
"""
