// A stand-in for Thor's server, for looking at the dashboard without one: made-up quotes in the shapes of the real API,
// and the built pages. Development only; never shipped.
//
//   node dev/mock-server.mjs [--port 8901] [--scenario mock]
//
// Scenarios, also switched while it runs by GET /dev/scenario/NAME:
//   mock      the mock source speaks for every symbol        replay    recorded data
//   live      TOS and SCHWAB, one symbol delayed             closed    every market is closed
//   missing   two symbols have no quote, some fields null    stale     two symbols have fallen silent
//   degraded  the server has lost its store                  down      503 for everything
//   garbage   every tenth event is unreadable

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : fallback;
}

const port = Number(option('port', '8901'));
let scenario = option('scenario', 'mock');

const dashboard = join(dirname(fileURLToPath(import.meta.url)), '../../thor_web/dashboard');

// symbol, name, exchange, market, tick, display, previous settlement, typical change, BUY and STRONG_BUY thresholds in points, weight
const TABLE = [
  ['YM', 'E-mini Dow', 'CBOT', 'GLOBEX', 1, 0, 46245, 38, 10, 60, 1.0],
  ['ES', 'E-mini S&P 500', 'CME', 'GLOBEX', 0.25, 2, 6827.75, 12.5, 1, 6, 1.5],
  ['NQ', 'E-mini Nasdaq-100', 'CME', 'GLOBEX', 0.25, 2, 25012.5, -21.25, 2.5, 15, 1.2],
  ['RTY', 'E-mini Russell 2000', 'CME', 'GLOBEX', 0.1, 1, 2469.4, 1.2, 2.5, 15, 1.0],
  ['CL', 'Crude Oil WTI', 'NYMEX', 'GLOBEX', 0.01, 2, 58.06, -0.42, 0.05, 0.3, 1.3],
  ['SI', 'Silver', 'COMEX', 'GLOBEX', 0.005, 3, 49.91, 0.045, 0.01, 0.06, 1.0],
  ['HG', 'Copper', 'COMEX', 'GLOBEX', 0.0005, 4, 5.002, -0.0085, 0.002, 0.012, 1.0],
  ['GC', 'Gold', 'COMEX', 'GLOBEX', 0.1, 1, 4079.5, 14.3, 0.5, 3, 1.4],
  ['VX', 'VIX Futures', 'CFE', 'CFE', 0.05, 2, 22.45, -0.1, 0.03, 0.05, 0.8],
  ['DX', 'US Dollar Index', 'ICE', 'ICE_US', 0.005, 3, 99.94, 0.03, 0.05, 0.3, 1.0],
  ['ZB', '30-Year T-Bond', 'CBOT', 'GLOBEX', 0.03125, '32nds', 117.875, 0.4375, 0.15625, 0.9375, 1.1],
];

const state = TABLE.map(
  ([symbol, name, exchange, market, tick, display, close, change, buy, strongBuy, weight], order) => ({
    ...{ symbol, name, exchange, market, tick, display, close, buy, strongBuy, weight, order },
    last: close + change,
    open: close + change / 3,
    high: close + Math.max(change, 0) + 14 * tick,
    low: close + Math.min(change, 0) - 12 * tick,
    seq: 1,
    updatedAt: Date.now(),
    lastSize: 3,
  }),
);

function thirtySeconds(value, signed) {
  const units = Math.round(Math.abs(value) * 32);
  const sign = value < 0 && units > 0 ? '-' : signed && units > 0 ? '+' : '';
  return `${sign}${Math.floor(units / 32)}'${String(units % 32).padStart(2, '0')}`;
}

function text(value, display, signed = false) {
  if (value === null) return null;
  if (display === '32nds') return thirtySeconds(value, signed);
  const fixed = value.toFixed(display);
  return signed && Number(fixed) > 0 ? `+${fixed}` : fixed;
}

function signalOf(change, row) {
  if (change > row.strongBuy) return 'STRONG_BUY';
  if (change > row.buy) return 'BUY';
  if (change >= -row.buy) return 'HOLD';
  return change > -row.strongBuy ? 'SELL' : 'STRONG_SELL';
}

const WEIGHTS = { STRONG_BUY: 2, BUY: 1, HOLD: 0, SELL: -1, STRONG_SELL: -2 };
const round = (value) => Number(value.toFixed(9));

function sourceOf(row) {
  if (scenario === 'live' || scenario === 'closed') return row.order % 4 === 3 ? 'SCHWAB' : 'TOS';
  return scenario === 'replay' ? 'TOS' : 'MOCK';
}

function record(row) {
  const source = sourceOf(row);
  const bare = scenario === 'missing' && row.symbol === 'VX';
  const change = bare ? null : round(row.last - row.close);
  const signal = change === null ? null : signalOf(change, row);
  const stat = {
    STRONG_BUY: row.strongBuy,
    BUY: row.buy,
    HOLD: 0,
    SELL: -row.buy,
    STRONG_SELL: -row.strongBuy,
  };
  const bid = bare ? null : round(row.last - row.tick);
  const ask = round(row.last + row.tick * (row.order % 3 === 0 ? 1 : 0));
  const marks = [];
  if (source === 'MOCK') marks.push('MOCK');
  if (scenario === 'replay') marks.push('REPLAY');
  if (scenario === 'live' && row.symbol === 'DX') marks.push('DELAYED');
  const at = new Date(row.updatedAt).toISOString();
  const show = (value, signed) => text(value, row.display, signed);
  return {
    v: 1,
    symbol: row.symbol,
    ts: at,
    source,
    last: bare ? null : row.last,
    bid,
    ask,
    lastSize: row.lastSize,
    bidSize: bare ? null : 1 + ((row.seq * 7 + row.order) % 60),
    askSize: row.symbol === 'HG' ? 0 : 1 + ((row.seq * 11 + row.order) % 240),
    seq: row.seq,
    condition: null,
    venue: null,
    meta: { open: row.open, high: row.high, low: row.low, close: row.close },
    active_source: source,
    updated_at: at,
    id: `${row.updatedAt}-${row.order}`,
    stale_after_ms: 5000,
    marks,
    display: {
      last: bare ? null : show(row.last),
      bid: show(bid),
      ask: show(ask),
      change: show(change, true),
      change_percent: change === null ? null : text((change / row.close) * 100, 2, true),
      spread: bid === null ? null : show(round(ask - bid)),
      open: bare ? null : show(row.open),
      high: bare ? null : show(row.high),
      low: bare ? null : show(row.low),
      close: show(row.close),
    },
    change,
    signal,
    stat_value: signal === null ? null : stat[signal],
    contract_weight: row.weight,
    signal_weight:
      signal === null
        ? null
        : WEIGHTS[signal] * (['VX', 'DX', 'GC', 'ZB'].includes(row.symbol) ? -1 : 1) || 0,
  };
}

function silent(row) {
  if (scenario === 'closed' || scenario === 'degraded' || scenario === 'down') return true;
  if (scenario === 'missing') return row.symbol === 'SI' || row.symbol === 'DX';
  return scenario === 'stale' && (row.symbol === 'CL' || row.symbol === 'ZB');
}

const absent = (row) => scenario === 'missing' && (row.symbol === 'SI' || row.symbol === 'DX');

setInterval(() => {
  for (const row of state) {
    if (silent(row) || Math.random() > 0.25 / (1 + row.order / 3)) continue;
    const step = Math.random() < 0.5 ? -1 : 1;
    row.last = round(row.last + step * row.tick);
    row.high = Math.max(row.high, row.last);
    row.low = Math.min(row.low, row.last);
    row.seq += 1;
    row.lastSize = 1 + (row.seq % 9);
    row.updatedAt = Date.now();
    for (const client of clients) client.pending.add(row);
  }
}, 50);

const clients = new Set();
let sent = 0;

setInterval(() => {
  for (const client of clients) {
    if (client.pending.size === 0) continue;
    const rows = [...client.pending];
    client.pending.clear();
    sent += 1;
    const newest = rows.reduce((a, b) => (a.updatedAt >= b.updatedAt ? a : b));
    const data =
      scenario === 'garbage' && sent % 10 === 0 ? '[{"symbol": 7}, ' : JSON.stringify(rows.map(record));
    client.write(`event: quotes\nid: ${newest.updatedAt}-${newest.order}\ndata: ${data}\n\n`);
  }
}, 50);

setInterval(() => {
  for (const client of clients) client.write(': heartbeat\n\n');
}, 10_000);

function session(market) {
  const isOpen = scenario !== 'closed';
  const hours = { GLOBEX: 3.212, CFE: 3.212, ICE_US: 52.4 }[market] ?? 1;
  return {
    is_open: isOpen,
    market,
    title: { GLOBEX: 'CME Globex', CFE: 'Cboe Futures', ICE_US: 'ICE Futures U.S.' }[market],
    now: new Date().toISOString(),
    next_transition_at: new Date(started + hours * 3_600_000).toISOString(),
    holiday: !isOpen && market === 'GLOBEX' ? 'Thanksgiving' : null,
    phase: isOpen ? 'open' : 'maintenance',
    trade_date: '2026-11-23',
    confidence: 'template',
  };
}

const started = Date.now();
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.html': 'text/html' };

function sendJson(response, body, status = 200) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

function sendFile(response, path) {
  const file = join(dashboard, normalize(path));
  const found = file.startsWith(dashboard) && existsSync(file) && statSync(file).isFile();
  if (!found) return sendJson(response, { title: 'Not Found', status: 404 }, 404);
  response.writeHead(200, {
    'content-type': `${TYPES[extname(file)] ?? 'application/octet-stream'}; charset=utf-8`,
    'content-security-policy': "default-src 'self'",
  });
  return createReadStream(file).pipe(response);
}

function openStream(request, response) {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  const client = { pending: new Set(), write: (chunk) => response.write(chunk) };
  clients.add(client);
  response.write('retry: 1000\n\n');
  if (scenario === 'degraded') response.write('event: degraded\ndata: {"degraded":true}\n\n');
  request.on('close', () => clients.delete(client));
  client.end = () => response.end();
}

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname.startsWith('/dev/scenario/')) {
    scenario = url.pathname.slice('/dev/scenario/'.length);
    for (const client of clients) {
      if (scenario === 'down') client.end();
      else if (scenario !== 'degraded') for (const row of state) client.pending.add(row);
      else client.write('event: degraded\ndata: {"degraded":true}\n\n');
    }
    return sendJson(response, { scenario });
  }
  if (url.pathname.startsWith('/static/')) return sendFile(response, url.pathname.slice('/static/'.length));
  if (!url.pathname.startsWith('/api/')) return sendFile(response, 'index.html');
  if (scenario === 'down') return sendJson(response, { title: 'Service Unavailable', status: 503 }, 503);
  switch (url.pathname) {
    case '/api/instruments':
      return sendJson(
        response,
        state.map(({ symbol, name, exchange, market, tick, display, order }) => ({
          ...{ symbol, name, exchange, market, tick, display, order, asset_class: 'future' },
        })),
      );
    case '/api/quotes':
      return sendJson(
        response,
        state
          .filter((row) => !absent(row))
          .map((row) => ({ ...record(row), age_ms: Date.now() - row.updatedAt })),
      );
    case '/api/session':
      return sendJson(response, ['GLOBEX', 'CFE', 'ICE_US'].map(session));
    case '/api/notifications':
    case '/api/maintenance':
    case '/api/providers':
      return sendJson(response, []);
    case '/api/bars':
      return sendJson(response, { bars: [], before: null });
    case '/api/me':
      return sendJson(response, {
        user: null,
        role: 'reader',
        may_write: false,
        login_required: false,
        csrf_token: '',
      });
    case '/api/quotes/stream':
      return openStream(request, response);
    default:
      return sendJson(response, { title: 'Not Found', status: 404 }, 404);
  }
}).listen(port, '127.0.0.1', () => console.log(`mock server: http://127.0.0.1:${port} (${scenario})`));
