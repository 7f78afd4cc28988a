// SPDX-License-Identifier: Apache-2.0
// The client library for tests of VS Code's adapters, @vscode/debugadapter-testsupport, looks at a core.
//
//   node testsupport.js JOB    JOB: as test_editors.py writes it; NODE_PATH has the library. Prints what it got as JSON.
'use strict'

const { DebugClient } = require('@vscode/debugadapter-testsupport')

async function refused(promise) {
    try {
        await promise
    } catch (error) {
        return error.message
    }
    throw new Error('not refused')
}

async function look(client, job) {
    const got = {}
    const body = async promise => (await promise).body
    const ask = (command, args) => body(client.customRequest(command, args))

    const stopped = client.waitForEvent('stopped')
    await Promise.all([client.configurationSequence(), client.launch(job.launch)])
    got.stopped = (await stopped).body
    const threadId = job.thread
    got.threads = (await body(client.threadsRequest())).threads
    got.frames = (await body(client.stackTraceRequest({ threadId }))).stackFrames
    got.page = (await body(client.stackTraceRequest({ threadId, startFrame: 1, levels: 2 }))).stackFrames
    const frameId = got.frames[job.frame].id
    got.scopes = (await body(client.scopesRequest({ frameId }))).scopes
    got.variables = {}
    for (const scope of got.scopes)
        if (!scope.expensive)
            got.variables[scope.name] = (await body(client.variablesRequest(scope))).variables
    got.children = {}
    for (const variable of Object.values(got.variables).flat().filter(v => v.variablesReference)) {
        const { variablesReference, indexedVariables } = variable
        const page = indexedVariables ? { filter: 'indexed', start: 0, count: 2 } : {}
        got.children[variable.name] = (await body(client.variablesRequest({ variablesReference, ...page }))).variables
    }
    got.evaluated = {}
    for (const context of ['watch', 'hover', 'repl', 'variables', 'clipboard']) {
        got.evaluated[context] = {}
        for (const expression of job.expressions)
            got.evaluated[context][expression] = (await body(client.evaluateRequest({ expression, frameId, context }))).result
    }
    got.wrong = await refused(client.evaluateRequest({ expression: '1 +', frameId, context: 'repl' }))
    got.completions = (await body(client.completionsRequest({ frameId, text: job.start, column: job.start.length + 1 }))).targets
    got.exception = await body(client.exceptionInfoRequest({ threadId: got.stopped.threadId }))
    got.modules = await ask('modules', { startModule: 0, moduleCount: 2 }) // the library's own sends no arguments
    const memoryReference = got.frames.find(f => f.instructionPointerReference).instructionPointerReference
    got.instructions = (await body(client.disassembleRequest({ memoryReference, instructionOffset: -2, instructionCount: 5 }))).instructions
    got.memory = await ask('readMemory', { memoryReference, count: 16 })
    got.sources = (await ask('loadedSources')).sources
    const { source } = got.frames[job.frame]
    got.text = (await body(client.sourceRequest({ source, sourceReference: 0 }))).content
    got.breakpoints = (await body(client.setBreakpointsRequest({ source, breakpoints: [{ line: 1 }] }))).breakpoints
    got.refused = {
        next: await refused(client.nextRequest({ threadId })),
        continue: await refused(client.continueRequest({ threadId })),
        setVariable: await refused(client.setVariableRequest({ variablesReference: 1, name: 'x', value: '1' })),
    }
    const terminated = client.waitForEvent('terminated')
    await client.stop() // by "disconnect"
    await terminated
    return got
}

async function main() {
    const job = JSON.parse(process.argv[2])
    const [command, argument] = job.adapter
    const client = new DebugClient(command, argument, 'inquest', {}, false)
    client.defaultTimeout = job.seconds * 1000
    await client.start()
    const got = await look(client, job)
    console.log(JSON.stringify(got))
}

main().catch(error => {
    console.error(error)
    process.exit(1)
})
