"""A task for pydantic-ai, once whole and once streamed. Run by clients.test.mjs."""

import asyncio
import os
import pathlib
import sys

from pydantic_ai import Agent

agent = Agent(f"{sys.argv[1]}:{os.environ['MODEL']}")


@agent.tool_plain
def write_file(path: str, content: str) -> str:
    """Writes a file."""
    pathlib.Path(path).write_text(content)
    return "written"


async def main():
    whole = await agent.run(os.environ["PROMPT"])
    async with agent.run_stream(os.environ["PROMPT"]) as streamed:
        assert await streamed.get_output() == whole.output
    print(whole.output)


asyncio.run(main())
