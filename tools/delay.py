# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy for TCP that delays what it passes on, as a long way does: a slow network without one."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

PIECE = 1 << 16


@contextlib.contextmanager
def delayed(port: int, seconds: float) -> Iterator[int]:
    """A port that leads to another one of this machine.

    :param port: the port to reach.
    :param seconds: the round trip, half of which each way takes.
    """
    loop = asyncio.new_event_loop()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)  # that a connection takes
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, back, seconds / 2), _pass_on(there, writer, seconds / 2))

    server = loop.run_until_complete(asyncio.start_server(accept, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        passing = asyncio.all_tasks(loop)
        for task in passing:
            task.cancel()
        if passing:
            loop.run_until_complete(asyncio.wait(passing))
        loop.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on what comes in, each piece so much later, however many are on their way."""
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def receive() -> None:
        data = b"-"
        while data:
            try:
                data = await reader.read(PIECE)
            except ConnectionError:
                data = b""
            await pieces.put((asyncio.get_running_loop().time() + seconds, data))

    receiving = asyncio.ensure_future(receive())
    data = b"-"
    while data:
        due, data = await pieces.get()
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        with contextlib.suppress(ConnectionError):
            writer.write(data)
            await writer.drain()
    await receiving
    writer.close()
