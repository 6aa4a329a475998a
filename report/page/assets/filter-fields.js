// The fields of display filters. Names and types are those of filter-table.js,
// which report/dfilter's are made into; how to get a value of a row stands in
// filter-frame.js and filter-connection.js. A field without a way is not kept in
// reports.
import {connectionGetters} from './filter-connection.js';
import {frameGetters} from './filter-frame.js';
import {filterTable} from './filter-table.js';

// filterTypes are Wireshark's types: what messages call them, the size of
// their values in bytes (0 where that differs), and the class whose values can
// be compared with each other.
export const filterTypes = {
  FT_NONE: {pretty: 'label', width: 0, kind: 'none'},
  FT_PROTOCOL: {pretty: 'protocol', width: 0, kind: 'bytes'},
  FT_BOOLEAN: {pretty: 'boolean', width: 1, kind: 'boolean'},
  FT_UINT8: {pretty: 'unsigned integer (1 byte)', width: 1, kind: 'integer'},
  FT_UINT16: {pretty: 'unsigned integer (2 bytes)', width: 2, kind: 'integer'},
  FT_UINT24: {pretty: 'unsigned integer (3 bytes)', width: 3, kind: 'integer'},
  FT_UINT32: {pretty: 'unsigned integer (4 bytes)', width: 4, kind: 'integer'},
  FT_UINT64: {pretty: 'unsigned integer (8 bytes)', width: 8, kind: 'integer'},
  FT_INT64: {pretty: 'signed integer (8 bytes)', width: 8, kind: 'integer'},
  FT_FRAMENUM: {pretty: 'frame number', width: 4, kind: 'integer'},
  FT_BYTES: {pretty: 'byte sequence', width: 0, kind: 'bytes'},
  FT_STRING: {pretty: 'character string', width: 0, kind: 'bytes'},
  FT_ETHER: {pretty: 'Ethernet or other MAC address', width: 6, kind: 'bytes'},
  FT_IPv4: {pretty: 'IPv4 address', width: 4, kind: 'ipv4'},
  FT_IPv6: {pretty: 'IPv6 address', width: 16, kind: 'ipv6'},
  FT_ABSOLUTE_TIME: {pretty: 'date and time', width: 8, kind: 'date'},
  FT_RELATIVE_TIME: {pretty: 'time offset', width: 8, kind: 'offset'},
};

const filterGetters = {...frameGetters, ...connectionGetters};

// Those that look into payloads, of which a report keeps but a part.
const payloadFields = /^(websocket\.(masked_)?payload(\.(continue|text|ping|pong|unknown))?|wstap\.(message|summary))$/;
const frameFields = /^websocket\.((masked_)?payload|payload\.continue)$/;
const secretFields = /^(http\.(cookie|set_cookie|authorization|request\.(uri|full_uri).*|location)|wstap\.url)$/;

// All fields by name: {name, type, text, hex, names, kept} and, where kept, the
// way to their values. Protocols whose bytes nobody has cannot be compared.
const filterFields = new Map(filterTable.map(([name, type, text, hex, names]) => [name, {
  name, type: filterTypes[type], text, hex: Boolean(hex), names: names || null, kept: name in filterGetters,
  label: type === 'FT_NONE' || type === 'FT_PROTOCOL' && name !== 'websocket',
  ofPayload: payloadFields.test(name), ofFrames: frameFields.test(name), secret: secretFields.test(name),
  num: undefined, octets: undefined, has: undefined, all: undefined, present: undefined, ...filterGetters[name],
}]));

// filterField is the field of that name, undefined without one.
export function filterField(name) {
  return filterFields.get(name);
}

export function isFilterField(name) {
  return filterFields.has(name);
}

// filterFieldNames are all names, sorted.
export function filterFieldNames() {
  return [...filterFields.keys()];
}
