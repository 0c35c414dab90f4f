"""Signatures over a model's files: OpenSSF Model Signing 1.0, read and written offline.

A signature is a Sigstore bundle (JSON) around a DSSE envelope around an in-toto statement that lists every file of the
model with its sha256. Five modules, each knowing only those above it in this list:

- ``keys`` signs bytes and checks signatures: ECDSA on P-256, P-384 and P-521, Ed25519, certificates;
- ``dsse`` says which bytes are signed;
- ``statement`` is what every in-toto statement has: its type, the files that it is about, their names and digests;
- ``manifest`` is the list of files, as a statement and back;
- ``bundle`` is the file that holds all of it.

``signature`` puts these together, for a list of files or any other statement; ``testresult`` is the statement of a
sign-off. ``sums`` reads the plain lists that teams without a key have. ``public`` (Sigstore's public service) is an
extra.
What is read here is hostile: it is bounded, taken strictly, and refused with one line.
"""
