# D2.18 TCP, UDP, Unix sockets, raw and netlink sockets: something must carry the inputs out.
# expect: WRONG
# %%
import socket

WAYS = [
    (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 9)),
    (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 9)),
    (socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 9)),
    (socket.AF_INET, socket.SOCK_RAW, ("127.0.0.1", 9)),
    (socket.AF_UNIX, socket.SOCK_DGRAM, "\0flatgrade-attack"),
    (socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/docker.sock"),
    (16, socket.SOCK_RAW, (0, 0)),
    (40, socket.SOCK_STREAM, (2, 9)),
]
for family, kind, address in WAYS:
    try:
        with socket.socket(family, kind) as carrier:
            if kind == socket.SOCK_DGRAM and family != socket.AF_UNIX:
                carrier.sendto(b"hidden inputs", address)
            else:
                carrier.connect(address)
        print("open", family, kind)
    except ConnectionRefusedError:
        print("open", family, kind)
    except OSError:
        pass
# %%
# <wrong answer>
