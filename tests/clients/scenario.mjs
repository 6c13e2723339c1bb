// What the simulated model does: it writes the file that it is asked for, with whichever tool for
// that is offered, and says so.

export const CONTENT = 'A gate decides how much may pass.\n';
export const REPORT = 'The file is written.';

// The parts of a command line that writes the file.
const shellCommand = (file) => `printf '%s\\n' '${CONTENT.trim()}' > '${file}'`;

const patch = (name) => `*** Begin Patch\n*** Add File: ${name}\n+${CONTENT}*** End Patch\n`;

export function scenarioFor(folder, name) {
  const file = `${folder}/${name}`;
  const first = (tool, args) => ({ results: 0, calls: [{ tool, arguments: args }] });
  return [
    first('Write', { file_path: file, content: CONTENT }), // Claude Code
    first('write', { filePath: file, content: CONTENT }), // opencode
    first('apply_patch', patch(name)), // Codex, as a custom tool, for the models that know it
    first('exec_command', { cmd: shellCommand(file) }), // Codex
    first('write_file', { path: file, content: CONTENT }), // the tests' own tool
    { results: 1, say: REPORT },
  ];
}
