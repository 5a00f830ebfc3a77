"""The upper bound: the least work that sends a notification and remembers it, in bare psycopg, without any framework.

Per batch: COPY deliveries and their history under a chunk's lease, commit; render subject, HTML and text; hand over;
write what became of all of them in one statement, commit. Nobody who keeps the promises of Carillon does less.
"""
