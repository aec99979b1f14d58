"""A small S3 over a folder: the operations that pipelines use, each object one version, whole, on disk when answered.

What is on disk is the truth; nothing is restored at the start. `application` is the ASGI app, `objects` keeps the
bytes, `operations` says what each request does. What S3 can do and this can't is refused by its name.
"""
