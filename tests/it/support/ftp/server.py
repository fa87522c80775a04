"""An FTP server (pyftpdlib) on 127.0.0.1: server.py FOLDER PORT [CERTIFICATE_AND_KEY]

Anonymous, with MLSD, SIZE, MDTM and REST; with a certificate it demands TLS of both connections.
"""

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

folder, port, *certificate = sys.argv[1:]
logging.basicConfig(level=logging.WARNING)
authorizer = DummyAuthorizer()
authorizer.add_anonymous(folder)
handler = TLS_FTPHandler if certificate else FTPHandler
handler.authorizer = authorizer
if certificate:
    handler.certfile = certificate[0]
    handler.tls_control_required = handler.tls_data_required = True
FTPServer(("127.0.0.1", int(port)), handler).serve_forever()
