// The programs that are under test, as cargo built them.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Builds the daemon and the lab; gives the path of the lab, which finds the daemon beside it. */
export async function build({ release = false } = {}) {
  const profile = release ? ['--release'] : [];
  const told = await output('cargo', [
    'build', '--locked', '--bins', '--example', 'lab', '--message-format=json-render-diagnostics', ...profile,
  ]);
  const artifacts = told.trim().split('\n').map((line) => JSON.parse(line));
  const lab = artifacts.find(({ target, executable }) => executable && target.name === 'lab');
  if (!lab) throw new Error('cargo built no lab');
  return lab.executable;
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const pieces = [];
    child.stdout.on('data', (piece) => pieces.push(piece));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(Buffer.concat(pieces).toString());
      else reject(new Error(`${command} ended with ${code}`));
    });
  });
}
