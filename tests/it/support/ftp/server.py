"""An FTP server (pyftpdlib) on 127.0.0.1: server.py FOLDER PORT [CERTIFICATE_AND_KEY VERSION]

Anonymous, with MLSD, SIZE, MDTM and REST; with a certificate it demands TLS of both connections,
of that version (TLSv1.2) at most. NAME_ENCODING (cp1251) is how it writes and reads names, whatever it says.
"""

import logging
import os
import sys

from OpenSSL import SSL
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer

folder, port, *encryption = sys.argv[1:]
logging.basicConfig(level=logging.WARNING)
authorizer = DummyAuthorizer()
authorizer.add_anonymous(folder)
handler = TLS_FTPHandler if encryption else FTPHandler
handler.authorizer = authorizer
handler.encoding = os.environ.get("NAME_ENCODING", handler.encoding)
if encryption:
    handler.certfile, version = encryption
    newest = {"TLSv1.2": SSL.TLS1_2_VERSION, "TLSv1.3": SSL.TLS1_3_VERSION}[version]
    handler.get_ssl_context().set_max_proto_version(newest)
    handler.tls_control_required = handler.tls_data_required = True
FTPServer(("127.0.0.1", int(port)), handler).serve_forever()
