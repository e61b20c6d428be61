-- Numbered figures, tables, equations and sections, and references to them, for HTML and Typst.
--
--   # Models {#sec:models}
--   ![Caption.](figure_6_1_network_structures.svg){#fig:6_1_network_structures}
--   ::: {#tbl:6_1_reconstruction_error .csv src="table_6_1_reconstruction_error.csv"}
--   Caption.
--   :::
--   ::: {#eq:3_2}
--   $$...$$
--   :::
--
-- In a cell of a table the name of another (`figure_6_1_network_structures`) is a link to it, and so is the
-- path of a file of the results. Blocks of the class `web`, and lines on files, are for HTML alone.
--
-- A name that opens with a number of the study carries it (`6_3a_...` is 6.3a); any other is
-- numbered S1, S2, ... in order of appearance. `@fig:name` becomes a link that reads "Figure 6.3a".

local is_html = FORMAT:match("html") ~= nil
local kinds = { fig = "Figure", tbl = "Table", eq = "Equation", sec = "Section" }
local labels = {}
local section = {}
local supplementary = { fig = 0, tbl = 0, eq = 0 }

local function kind_of(identifier)
  return kinds[identifier:match("^(%a+):")] and identifier:match("^%a+")
end

local function number(element)
  local kind = kind_of(element.identifier)
  if not kind then return end
  if labels[element.identifier] then error(element.identifier .. " is defined twice", 0) end
  local chapter, rest = element.identifier:match("^%a+:(%d+)_(%d+%a?)")
  if not chapter then supplementary[kind] = supplementary[kind] + 1 end
  labels[element.identifier] = chapter and chapter .. "." .. rest or "S" .. supplementary[kind]
end

local function number_section(header)
  if header.classes:includes("unnumbered") then return end
  section = table.move(section, 1, header.level, 1, {})
  for level = 1, header.level do section[level] = section[level] or 0 end
  section[header.level] = section[header.level] + 1
  labels[header.identifier] = table.concat(section, ".")
end

local function with_label(identifier, caption)
  local label = kinds[kind_of(identifier)] .. " " .. labels[identifier] .. "."
  return pandoc.Inlines { pandoc.Strong(label), pandoc.Space() } .. caption
end

local function quoted(text)
  return '"' .. text:gsub('[\\"]', "\\%0") .. '"'
end

-- Typst takes a pdf as it is, letters and images; of an svg it would make larger ones.
local function set_vector(image)
  local path = image.src:gsub("%.svg$", ".pdf")
  local code = ("#image(%s, alt: %s)"):format(quoted(path), quoted(pandoc.utils.stringify(image.caption)))
  return pandoc.RawInline("typst", code)
end

-- A frame in which what is wide scrolls sideways, by keyboard too.
local function frame(content, label)
  return pandoc.Div(content, { class = "scroll", tabindex = "0", role = "group", ["aria-label"] = label })
end

local function figure(element)
  local label = labels[element.identifier]
  if not label then return end
  local caption = pandoc.utils.blocks_to_inlines(element.caption.long)
  element.caption.long = { pandoc.Plain(with_label(element.identifier, caption)) }
  if is_html then
    element.content = { frame(element.content, "Figure " .. label) }
    return element
  end
  return element:walk { Image = set_vector }
end

local function set_minus(text)
  text.text = text.text:gsub("^(%(?)%-([%d%u])", "%1−%2")
  return text
end

-- A spread stays on the line of its mean, and a side of a shape on that of the others.
local function keep_together(inlines)
  local joins = { ["±"] = true, ["×"] = true }
  for position = 2, #inlines do
    local before, after = inlines[position - 1], inlines[position]
    if before.t == "Str" and joins[before.text] and after.t == "Space" then
      inlines[position] = pandoc.Str("\u{a0}")
    elseif before.t == "Space" and after.t == "Str" and joins[after.text] then
      inlines[position - 1] = pandoc.Str("\u{a0}")
    end
  end
  return inlines
end

-- A column of numbers is set flush right: one in which a cell opens like a number and all are short.
local function align(csv)
  local is_numeric, is_long = {}, {}
  for _, row in ipairs(csv.bodies[1].body) do
    for column, cell in ipairs(row.cells) do
      local text = pandoc.utils.stringify(cell.contents):gsub("−", "-")
      is_numeric[column] = is_numeric[column] or text:match("^[-±<>]?%s?%d")
      is_long[column] = is_long[column] or utf8.len(text) > 15
    end
  end
  for column, colspec in ipairs(csv.colspecs) do
    local is_section = pandoc.utils.stringify(csv.head.rows[1].cells[column].contents) == "Section"
    local flush_right = is_numeric[column] and not is_long[column] and not is_section
    colspec[1] = flush_right and pandoc.AlignRight or pandoc.AlignLeft
    csv.colspecs[column] = colspec
  end
end

local BREAK = "\u{200b}"  -- where a long name may be broken

-- Typst makes wide columns as narrow as each other. Here a column has room for its longest word, and
-- what else a line of `page` characters holds goes, one by one, to where it makes the rows least tall.
local function fit(csv)
  local page, gap, sharpness = 144, 3, 8
  local rows, widest, widths, total = {}, 0, {}, 0
  for _, row in ipairs { csv.head.rows[1], table.unpack(csv.bodies[1].body) } do
    local lengths, sum = {}, 0
    for column, cell in ipairs(row.cells) do
      local text = pandoc.utils.stringify(cell.contents)
      lengths[column] = utf8.len(text)
      sum = sum + lengths[column] + gap
      for part in text:gsub(BREAK, " "):gsub("%-(%a)", "- %1"):gmatch("%S+") do
        widths[column] = math.max(widths[column] or 1, utf8.len(part))
      end
    end
    table.insert(rows, lengths)
    widest = math.max(widest, sum)
  end
  if widest <= page then return end
  -- Of the lines that each cell of a row takes, smoothly the most: its height, with a little for the others'.
  local function height(column, more)
    local sum = 0
    for _, lengths in ipairs(rows) do
      local row = 0
      for other, length in ipairs(lengths) do
        row = row + (length / (widths[other] + (other == column and more or 0))) ^ sharpness
      end
      sum = sum + row ^ (1 / sharpness)
    end
    return sum
  end
  for _, width in ipairs(widths) do total = total + width + gap end
  for _ = total + 1, page do
    local least, best = math.huge, nil
    for column in ipairs(widths) do
      local reached = height(column, 1)
      if reached < least then least, best = reached, column end
    end
    widths[best], total = widths[best] + 1, total + 1
  end
  for column, width in ipairs(widths) do
    local colspec = csv.colspecs[column]
    colspec[2] = (width + gap) / total
    csv.colspecs[column] = colspec
  end
end

local FILE = "^%a+/([%w_]+)%.csv$"

-- Where a PDF names a figure or a table, " · " and a file, the file is left out.
local function leave_out_file(inlines)
  local last = #inlines
  if is_html or last < 5 or inlines[last - 2].text ~= "·" then return end
  if (inlines[last].text or ""):match(FILE) then
    return table.move(inlines, 1, last - 4, 1, pandoc.Inlines {})
  end
end

local function link_to(text)
  for kind, word in pairs { fig = "figure_", tbl = "table_" } do
    local identifier = kind .. ":" .. text.text:sub(#word + 1)
    if text.text:sub(1, #word) == word and labels[identifier] then
      return pandoc.Link(kinds[kind] .. "\u{a0}" .. labels[identifier], "#" .. identifier)
    end
  end
  local file = text.text:match(FILE)
  if file and is_html then return pandoc.Link(file, "../" .. text.text) end
  if file then return pandoc.Str((file:gsub("_", "_" .. BREAK))) end
end

-- A row's name, its first cell, can be referred to: "Hot spots" is claim:hot-spots.
local function name_row(row)
  local name = pandoc.utils.stringify(row.cells[1].contents)
  local identifier = "claim:" .. pandoc.text.lower(name):gsub(" ", "-")
  if is_html then
    row.attr = { identifier }
  else
    local mark = pandoc.RawInline("typst", ("#metadata(none)<%s>"):format(identifier))
    row.cells[1].contents = { pandoc.Plain { mark, pandoc.Str(name) } }
  end
end

-- Header cells say what they are of; verdicts can be told apart by their classes.
local function mark_cells(csv)
  local header = csv.head.rows[1]
  local verdict
  for column, cell in ipairs(header.cells) do
    cell.attributes.scope = "col"
    if pandoc.utils.stringify(cell.contents) == "Verdict" then verdict = column end
  end
  csv.bodies[1].row_head_columns = 1
  for _, row in ipairs(csv.bodies[1].body) do
    for _, cell in ipairs(row.cells) do
      if utf8.len(pandoc.utils.stringify(cell.contents)) > 40 then cell.classes:insert("long") end
    end
    row.cells[1].attributes.scope = "row"
    if verdict then
      name_row(row)
      local text = pandoc.utils.stringify(row.cells[verdict].contents)
      local span = pandoc.Span(text, { class = "verdict " .. text:gsub(" ", "-") })
      row.cells[verdict].contents = { pandoc.Plain(span) }
    end
  end
end

local function block(element)
  local kind = kind_of(element.identifier)
  if not is_html and (element.classes:includes("web") or element.classes:includes("files")) then
    return {}
  elseif kind == "tbl" and element.classes:includes("csv") then
    local _, text = pandoc.mediabag.fetch(element.attributes.src)
    local csv = pandoc.read(text, "csv").blocks[1]:walk { Str = set_minus, Inlines = keep_together }
    align(csv)
    mark_cells(csv)
    csv = csv:walk { Inlines = leave_out_file }:walk { Str = link_to }
    local caption = with_label(element.identifier, pandoc.utils.blocks_to_inlines(element.content))
    if is_html then
      local scrolled = frame(csv, "Table " .. labels[element.identifier])
      return pandoc.Figure(scrolled, { pandoc.Plain(caption) }, { element.identifier, { "table" } })
    end
    fit(csv)
    csv.identifier, csv.caption = element.identifier, { long = { pandoc.Plain(caption) } }
    return csv
  elseif kind == "eq" then
    local label = "(" .. labels[element.identifier] .. ")"
    if FORMAT == "typst" then
      table.insert(element.content, 1, pandoc.RawBlock("typst", ('#equation("%s")['):format(label)))
      element.content:insert(pandoc.RawBlock("typst", ("] <%s>"):format(element.identifier)))
      return element.content
    end
    element.classes:insert("equation")
    element.content = {
      frame(element.content, "Equation " .. label),
      pandoc.Plain(pandoc.Span(label, { class = "number" })),
    }
    return element
  end
end

local function reference(cite)
  if not kind_of(cite.citations[1].id) then return end
  local links = pandoc.Inlines {}
  for position, citation in ipairs(cite.citations) do
    local label = labels[citation.id]
    if not label then
      local known = {}
      for name in pairs(labels) do
        if kind_of(name) then table.insert(known, name) end
      end
      table.sort(known)
      error(("@%s refers to nothing; there are: %s"):format(citation.id, table.concat(known, ", ")), 0)
    end
    if position > 1 then links:extend { pandoc.Str(","), pandoc.Space() } end
    local text = kinds[kind_of(citation.id)] .. "\u{a0}" .. label
    links:insert(pandoc.Link(text, "#" .. citation.id))
  end
  return links
end

-- MathML sets no space between a function and what it is of; a PDF's formula is read out as its TeX.
local function set_formula(math)
  if is_html then
    math.text = math.text:gsub("\\log ", "\\log\\,")
    return math
  end
  local open = ("#[#set math.equation(alt: %s);"):format(quoted(math.text))
  return { pandoc.RawInline("typst", open), math, pandoc.RawInline("typst", "];") }
end

-- In a PDF, which is read elsewhere, a path beside the page leads nowhere.
local function unlink(link)
  if not is_html and not link.target:match("^#") and not link.target:match("^%a+:") then return link.content end
end

return {
  { traverse = "topdown", Figure = number, Div = number, Header = number_section },
  { Figure = figure, Div = block, Cite = reference, Math = set_formula, Link = unlink },
}
