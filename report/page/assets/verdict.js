import {button, element, empty} from './dom.js';
import {endpointText, formatNumber, visible} from './text.js';

const severityRank = {error: 0, warning: 1, note: 2};
const maxPaths = 50; // steps of so many connections are told at once
const maxEvidence = 12; // links of one finding

// Verdict says what the diagnosis comes to, and each finding with links to the
// rows and connections that show it.
export class VerdictPane {
  constructor(section, app) {
    this.section = section;
    this.app = app;
    this.head = section.querySelector('.headline');
    this.servers = section.querySelector('.servers');
    this.findings = section.querySelector('.findings');
    this.paths = section.querySelector('.paths');
    this.told = '';
    app.store.on((what) => {
      if (what === 'index') this.update();
    });
    this.update();
  }

  focus() {
    this.section.focus();
  }

  // update builds anew what has changed; an open live page keeps its place.
  update() {
    const index = this.app.store.index;
    const key = JSON.stringify([index.verdict, index.findings]);
    if (key === this.told) return;
    this.told = key;
    const focused = this.section.contains(document.activeElement);
    const verdict = index.verdict || {};
    const findings = (index.findings || []).slice().sort((a, b) => severityRank[a.severity] - severityRank[b.severity]);
    const worst = findings.length === 0 ? 'ok' : findings[0].severity;
    this.section.dataset.severity = worst;
    empty(this.head);
    this.head.append(element('span', 'badge ' + worst, worst !== 'ok' ? worst : verdict.text ? 'healthy' : 'capturing'), visible(verdict.text || this.without(findings)));
    empty(this.servers);
    const servers = verdict.servers || [];
    if (servers.length > 1) for (const s of servers) this.servers.append(element('li', '', visible(s.text)));
    this.servers.hidden = servers.length <= 1;
    empty(this.findings);
    for (const f of findings) this.findings.append(this.finding(f));
    this.findings.hidden = findings.length === 0;
    this.fillPaths(verdict.paths || []);
    if (focused && !this.section.contains(document.activeElement)) this.focus(); // its button is gone
  }

  without(findings) {
    if (findings.length > 0) return formatNumber(findings.length) + (findings.length === 1 ? ' finding' : ' findings') + ' so far';
    return this.app.live ? 'no fault found so far' : 'no verdict';
  }

  finding(f) {
    const item = element('li', 'finding ' + f.severity);
    const title = element('div', 'title');
    title.append(element('span', 'badge ' + f.severity, f.severity), element('b', '', visible(f.code)));
    if (f.server) title.append(element('span', 'mono', visible(endpointText(f.server))));
    if (f.count > 1) title.append(element('span', 'dim', formatNumber(f.count) + ' times'));
    item.append(title, element('p', '', visible(f.text || '')));
    if (f.advice) item.append(element('p', 'advice', 'Next: ' + visible(f.advice)));
    const evidence = element('p', 'evidence');
    if (f.conn) evidence.append(this.connLink(f.conn));
    (f.packets || []).slice(0, maxEvidence).forEach((packet, k) => {
      evidence.append(this.packetLink(packet, f.rows ? f.rows[k] : undefined));
    });
    if ((f.packets || []).length > maxEvidence) evidence.append(element('span', 'dim', 'and ' + formatNumber(f.packets.length - maxEvidence) + ' more'));
    if (evidence.firstChild) item.append(evidence);
    return item;
  }

  connLink(conn) {
    return button('connection #' + conn, () => this.app.selectConnection(conn), 'show only connection #' + conn);
  }

  packetLink(packet, row) {
    return button('packet ' + packet, () => this.app.showPacket(packet, row), 'go to the row of packet ' + packet + ', or the next one');
  }

  // fillPaths tells how far each connection came, step by step.
  fillPaths(paths) {
    const list = this.paths.querySelector('.ladders');
    empty(list);
    this.paths.hidden = paths.length === 0;
    for (const path of paths.slice(0, maxPaths)) {
      const item = element('li');
      const name = element('div', 'path-name');
      if (path.conn) name.append(this.connLink(path.conn));
      name.append(element('span', 'mono', visible(endpointText(path.client) + ' \u2192 ' + endpointText(path.server))), element('span', '', visible(path.url || '')));
      const steps = element('ol', 'steps');
      for (const step of path.steps || []) {
        const li = element('li', 'step ' + visible(step.state));
        li.append(element('b', '', visible(step.name)), ' ', element('span', 'state', visible(step.state)), ' ', element('span', 'dim', visible(step.note || '')));
        if (step.packet) li.append(' ', this.packetLink(step.packet));
        steps.append(li);
      }
      item.append(name, steps);
      list.append(item);
    }
    if (paths.length > maxPaths) list.append(element('li', 'dim', 'and ' + formatNumber(paths.length - maxPaths) + ' more'));
  }
}
