-- SPDX-License-Identifier: Apache-2.0
-- Neovim and nvim-dap look at a core.
--
--   nvim --headless -u NONE -i NONE --cmd 'set rtp^=PLUGIN' -l nvim-dap.lua JOB
--
-- JOB: as test_editors.py writes it. Prints what nvim-dap then holds as JSON.

vim.cmd.runtime('plugin/dap.lua') -- which -l leaves out
local job = vim.json.decode(_G.arg[1])
local dap = require('dap')
local widgets = require('dap.ui.widgets')
local got = { notices = {} }

local function wait(what, done)
  if not vim.wait(job.seconds * 1000, done, 10) then
    error('no ' .. what .. ' came: ' .. vim.inspect(got.notices))
  end
end

-- The body of an answer, or the error.
local function ask(session, command, arguments)
  local answer
  session:request(command, arguments, function(err, body) answer = { err = err, body = body } end)
  wait(command, function() return answer end)
  return answer.body, answer.err and tostring(answer.err)
end

-- What the plugin shows in a window of its own, when TEXT is in it.
local function shown(widget, text)
  local view = widgets.centered_float(widget)
  local function lines() return table.concat(vim.api.nvim_buf_get_lines(view.buf, 0, -1, true), '\n') end
  wait(text .. ' in a window', function() return lines():find(text, 1, true) end)
  local whole = lines()
  view.close()
  return whole
end

local function as_listed(objects)
  return vim.tbl_map(function(object)
    local copy = vim.tbl_extend('force', {}, object)
    copy.variables, copy.parent, copy.scopes, copy.frames, copy.stopped = nil, nil, nil, nil, nil
    return copy
  end, objects)
end

vim.notify = function(text) table.insert(got.notices, text) end
dap.adapters.inquest = { type = 'executable', command = job.adapter[1], args = vim.list_slice(job.adapter, 2) }
-- As editors/README.md has it, for what the plugin asks by itself.
dap.listeners.before.stackTrace.inquest = function(session, _, answer)
  for _, frame in ipairs(session.config.type == 'inquest' and answer and answer.stackFrames or {}) do
    if frame.presentationHint ~= 'subtle' then break end
    frame.source = nil
  end
end
dap.listeners.after.event_stopped.test = function(_, body) got.stopped = body end
dap.run(vim.tbl_extend('force', { type = 'inquest', request = 'launch', name = 'core' }, job.launch))
wait('session', function() return dap.session() end)
local session = dap.session()
-- It asks for threads, the stack, the top frame's scopes and what is in them by itself.
wait('scopes', function() return session.current_frame and session.current_frame.scopes end)
dap.listeners.before.stackTrace.inquest = nil
got.shown_at = { vim.api.nvim_buf_get_name(0), vim.api.nvim_win_get_cursor(0)[1] }
got.top = as_listed({ session.current_frame })[1]
got.exception = ask(session, 'exceptionInfo', { threadId = got.stopped.threadId })
got.threads = as_listed(vim.tbl_values(session.threads))
local stack = ask(session, 'stackTrace', { threadId = job.thread })
session.threads[job.thread].frames = stack.stackFrames
got.frames = as_listed(stack.stackFrames)
session:_frame_set(stack.stackFrames[job.frame + 1])
wait('variables', function()
  for _, scope in ipairs(session.current_frame.scopes or { {} }) do
    if not scope.expensive and not scope.variables then return false end
  end
  return true
end)
got.variables = {}
for _, scope in ipairs(session.current_frame.scopes) do
  if not scope.expensive then got.variables[scope.name] = as_listed(scope.variables) end
end
got.evaluated = {}
for _, context in ipairs({ 'watch', 'hover', 'repl' }) do
  got.evaluated[context] = {}
  for _, expression in ipairs(job.expressions) do
    local answer, err
    session:evaluate({ expression = expression, context = context }, function(e, body) answer, err = body, e end)
    wait(expression, function() return answer or err end)
    got.evaluated[context][expression] = assert(answer, tostring(err)).result
  end
end
_, got.wrong = ask(session, 'evaluate', { expression = '1 +', context = 'repl' })
got.windows = {
  shown(widgets.scopes, job.expressions[1]), shown(widgets.threads, tostring(got.stopped.threadId)),
  shown(widgets.frames, session.threads[got.stopped.threadId].frames[1].name),
}
local ended
dap.disconnect({ terminateDebuggee = false }, function() ended = true end)
wait('end', function() return ended and not dap.session() end)
io.stdout:write('\n' .. vim.json.encode(got) .. '\n')
