// Writes a dashboard as TypeScript, each part with the type that Grafana gives it.
import { readFileSync } from 'node:fs';

const raw = './node_modules/@grafana/schema/dist/esm/raw/composable/';
const kinds = {
  stat: { file: 'stat/panelcfg/x/StatPanelCfg_types.gen' },
  table: { file: 'table/panelcfg/x/TablePanelCfg_types.gen' },
  timeseries: { file: 'timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen', custom: true },
  'state-timeline': { file: 'statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen', custom: true },
};
const name = (kind) => kind.replace('-', '_');

const out = [
  "import type { Dashboard, Panel, RowPanel } from '@grafana/schema';",
  `import type { PrometheusDataQuery } from '${raw}prometheus/dataquery/x/PrometheusDataQuery_types.gen';`,
  // JSON has words for enums, and leaves out what has a default.
  'type Loose<T> = T extends string ? T | `${T}` : T extends (infer U)[] ? Loose<U>[] : T extends object ? { [K in keyof T]?: Loose<T[K]> } : T;',
];
for (const [kind, { file, custom }] of Object.entries(kinds)) {
  out.push(`import type { Options as ${name(kind)}_options${custom ? `, FieldConfig as ${name(kind)}_custom` : ''} } from '${raw}${file}';`);
}
let n = 0;
const part = (value, type) => out.push(`export const p${n++} = ${JSON.stringify(value)} satisfies Loose<${type}>;`);

const { panels, ...dashboard } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
part(dashboard, 'Dashboard');
for (const panel of panels) {
  if (panel.type === 'row') {
    part(panel, 'RowPanel');
    continue;
  }
  if (!kinds[panel.type]) throw new Error(`panel ${panel.title}: teach this program what a ${panel.type} is`);
  const { options, targets, ...rest } = panel;
  part(options, `${name(panel.type)}_options`);
  for (const target of targets) part(target, 'PrometheusDataQuery');
  const custom = rest.fieldConfig.defaults.custom;
  if (custom) {
    delete rest.fieldConfig.defaults.custom;
    part(custom, `${name(panel.type)}_custom`);
  }
  part(rest, 'Panel');
}
console.log(out.join('\n'));
