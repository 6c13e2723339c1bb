"""A task for the OpenAI Agents SDK, once whole and once streamed. Run by clients.test.mjs."""

import asyncio
import os
import pathlib

from agents import Agent, Runner, function_tool


@function_tool
def write_file(path: str, content: str) -> str:
    """Writes a file."""
    pathlib.Path(path).write_text(content)
    return "written"


async def main():
    agent = Agent(name="Writer", tools=[write_file], model=os.environ["MODEL"])
    whole = await Runner.run(agent, os.environ["PROMPT"])
    streamed = Runner.run_streamed(agent, os.environ["PROMPT"])
    async for _ in streamed.stream_events():
        pass
    assert streamed.final_output == whole.final_output
    print(whole.final_output)


asyncio.run(main())
