import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, waitFor } from '@sluice/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser } from './browser.js';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What `npm start` runs, on ports of its own. */
describe('npm start: the chat example in a real browser', () => {
  let [port, adminPort, backEndPort] = [0, 0, 0];
  let started: ChildProcess;
  let output = '';
  let browser: Browser;

  beforeAll(async () => {
    [port, adminPort, backEndPort] = [await freePort(), await freePort(), await freePort()];
    browser = await launchBrowser();
    await start();
  });
  afterAll(async () => {
    await browser?.close();
    await stop();
  });

  async function start(): Promise<void> {
    const args = ['--port', `${port}`, '--admin-port', `${adminPort}`];
    started = spawn(process.execPath, [join(root, 'scripts', 'start.mjs'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], CHAT_BACK_END_PORT: `${backEndPort}` },
    });
    for (const stream of [started.stdout, started.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk;
      });
    }
    await waitFor('the gateway', () => reachable(adminPort, '/readyz'), 40_000).catch((error: Error) => {
      throw new Error(`${error.message}\n${output}`);
    });
  }

  async function stop(): Promise<number | null> {
    if (started.exitCode !== null) return started.exitCode;
    const exited = new Promise<number | null>((resolve) => started.once('exit', (code) => resolve(code)));
    started.kill('SIGTERM');
    return exited;
  }

  const reachable = (at: number, path: string) =>
    fetch(`http://127.0.0.1:${at}${path}`).then(
      ({ ok }) => ok,
      () => false,
    );

  async function enter(name: string): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${port}/`);
    await page.getByLabel('Your name').fill(name);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByText(`You are in lobby as ${name}.`).waitFor();
    return page;
  }

  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  }

  it('says where the page is and what to type next also where nothing is a terminal', () => {
    expect(output).toContain(`open http://localhost:${port}/ in two tabs, or npx wscat -c ws://127.0.0.1:${port}/dev`);
  });

  it('[ST-1] two tabs chat; a closed tab is heard of; after a restart the other is back by itself', async () => {
    const ada = await enter('Ada');
    const bob = await enter('Bob');
    await say(ada, 'Hello <b>Bob</b>');
    await bob.getByText('Hello <b>Bob</b>').waitFor();
    await say(bob, 'Hi Ada');
    await ada.getByText('Hi Ada').waitFor();
    expect(await ada.locator('#members').textContent()).toBe('In lobby: Ada, Bob');

    const second = await browser.newPage();
    await second.goto(`http://localhost:${port}/`);
    await second.getByLabel('Your name').fill('Ada');
    await second.getByRole('button', { name: 'Join' }).click();
    await second.getByText('Somebody in lobby is called Ada already.').waitFor();
    await second.close();

    await bob.close();
    await ada.getByText('Bob has left.').waitFor();

    // The page says 1001 only until its next attempt, a quarter of a second later at the earliest; a locator looks twice a second.
    const says1001 = `document.body.innerText.includes('connection lost (1001)')`;
    const lost = ada.waitForFunction(says1001, undefined, { polling: 50 });
    expect(await stop()).toBe(0);
    await lost;
    await say(ada, 'Not now');
    await ada.getByText('your message was not sent').waitFor();
    expect(await ada.getByLabel('Message', { exact: true }).inputValue(), 'nothing typed is lost').toBe('Not now');
    expect(await reachable(backEndPort, '/')).toBe(false);
    await start();
    await ada.getByText('You are in lobby as Ada.').nth(1).waitFor({ timeout: 30_000 });
    await say(ada, 'Still here');
    await ada.getByText('Still here').waitFor();
  });
});
