"""TLS for the peers, where the environment asks for it.

WSTAP_TLS_CERT, WSTAP_TLS_KEY: the server's certificate and key.
WSTAP_TLS_KEYLOG: the client speaks TLS, and writes its secrets to this file."""

import os
import select
import socket
import ssl
import threading


class Secure:
    """A TLS socket that one thread may read while another writes: OpenSSL's
    connection is not to be entered twice."""

    def __init__(self, sock):
        self.sock, self.lock = sock, threading.Lock()
        sock.settimeout(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def settimeout(self, _):
        pass

    def setsockopt(self, *option):
        self.sock.setsockopt(*option)

    def recv(self, n):
        while True:
            with self.lock:
                try:
                    return self.sock.recv(n)
                except (ssl.SSLWantReadError, BlockingIOError):
                    pass
                except (ssl.SSLZeroReturnError, ConnectionResetError):
                    return b""
            if not select.select([self.sock], [], [], 20)[0]:
                raise TimeoutError("nothing received for 20 s")

    def sendall(self, data):
        while data:
            with self.lock:
                try:
                    data = data[self.sock.send(data):]
                    continue
                except (ssl.SSLWantWriteError, BlockingIOError):
                    pass
            select.select([], [self.sock], [], 20)

    def shutdown(self, how):
        self.sock.shutdown(how)

    def close(self):
        self.sock.close()


def server(sock):
    if "WSTAP_TLS_CERT" not in os.environ:
        return sock
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.environ["WSTAP_TLS_CERT"], os.environ["WSTAP_TLS_KEY"])
    return Secure(context.wrap_socket(sock, server_side=True))


def client(sock, name):
    if "WSTAP_TLS_KEYLOG" not in os.environ:
        return sock
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.keylog_filename = os.environ["WSTAP_TLS_KEYLOG"]
    return Secure(context.wrap_socket(sock, server_hostname=name))
