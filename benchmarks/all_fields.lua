-- SPDX-License-Identifier: GPL-2.0-or-later
-- The least hand-written dissector that shows every field of a measurement notification,
-- with no names, no text, no links and no checks: what tshark's Lua costs for the fields.
local nmsp = Proto("nmsp", "NMSP, all fields")
local fields = {}

local function field(kind, name)
  fields[#fields + 1] = ProtoField[kind]("nmsp." .. name, name)
  return fields[#fields]
end

local header = {
  { field("uint8", "version"), 1 }, { field("uint8", "flags"), 1 },
  { field("uint16", "type"), 2 }, { field("uint32", "length"), 4 },
  { field("uint32", "transaction_id"), 4 },
}
local element = field("none", "element")
local element_type = field("uint32", "element.type")
local element_length = field("uint32", "element.length")
local values = {
  [5] = { { field("ether", "element.mac"), 6 } },
  [17] = { { field("uint8", "measurement.kind"), 1 } },
  [18] = {
    { field("ether", "measurement.ap_mac"), 6 }, { field("uint8", "measurement.slot"), 1 },
    { field("uint8", "measurement.band"), 1 }, { field("uint8", "measurement.antenna"), 1 },
    { field("uint8", "measurement.source"), 1 }, { field("int8", "measurement.rssi_a_dbm"), 1 },
    { field("int8", "measurement.rssi_b_dbm"), 1 }, { field("int8", "measurement.snr_db"), 1 },
    { field("uint8", "measurement.reserved"), 1 }, { field("uint32", "measurement.age_ms"), 4 },
  },
}
nmsp.fields = fields

local function add_fields(some, tvb, tree, at)
  for _, each in ipairs(some) do
    tree:add(each[1], tvb(at, each[2]))
    at = at + each[2]
  end
end

local function add_elements(tvb, tree, at, stop)
  while at < stop do
    local kind, length = tvb(at, 2):uint(), tvb(at + 2, 2):uint()
    local node = tree:add(element, tvb(at, length + 4))
    node:add(element_type, tvb(at, 2))
    node:add(element_length, tvb(at + 2, 2))
    at = at + 4
    if values[kind] then
      add_fields(values[kind], tvb, node, at)
    else
      add_elements(tvb, node, at, at + length)
    end
    at = at + length
  end
end

function nmsp.dissector(tvb, pinfo, root)
  local at, n = 0, tvb:len()
  while at < n do
    local size = n - at >= 12 and tvb(at + 4, 4):uint()
    if not size or size > n - at then
      pinfo.desegment_offset = at
      pinfo.desegment_len = size and size - (n - at) or DESEGMENT_ONE_MORE_SEGMENT
      return n
    end
    local tree = root:add(nmsp, tvb(at, size))
    add_fields(header, tvb, tree, at)
    add_elements(tvb, tree, at + 12, at + size)
    pinfo.cols.protocol = "NMSP"
    pinfo.cols.info = "NMSP " .. tvb(at + 2, 2):uint()
    at = at + size
  end
  return n
end
DissectorTable.get("tcp.port"):add(16113, nmsp)
