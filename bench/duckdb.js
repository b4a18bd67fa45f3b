// duckdb.js - DuckDB, asked by duck.py: a JSON request a line, a JSON answer a line.
// Run in the folder that has @duckdb/node-api installed.
//
// {open, file} opens a database file by a name; {on, sql, rows} runs a statement
// there and says how many seconds it took until its last row was here, and with
// rows: the rows, times as microseconds and dates as days.  All files belong to
// one instance, so that a statement may name another.

const { createInterface } = require('node:readline');
const duckdb = require(require.resolve('@duckdb/node-api', { paths: [process.cwd()] }));

const connections = {};
let instance;

function plain(value) {
	if (value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean')
		return value;
	if (typeof value === 'bigint')
		return Number(value);
	if (value.micros !== undefined)
		return Number(value.micros);
	if (value.days !== undefined)
		return value.days;
	return String(value);
}

async function answer(request) {
	if (request.open) {
		instance ??= await duckdb.DuckDBInstance.create(':memory:', request.settings);
		const connection = await instance.connect();
		await connection.run(`ATTACH '${request.file}' AS ${request.open}`);
		await connection.run(`USE ${request.open}`);
		connections[request.open] = connection;
		return {};
	}
	const start = process.hrtime.bigint();
	const result = await connections[request.on].runAndReadAll(request.sql);
	const seconds = Number(process.hrtime.bigint() - start) / 1e9;
	return { seconds, rows: request.rows ? result.getRows().map((row) => row.map(plain)) : undefined };
}

async function main() {
	for await (const line of createInterface({ input: process.stdin })) {
		let reply;
		try {
			reply = await answer(JSON.parse(line));
		} catch (error) {
			reply = { error: String(error.message ?? error) };
		}
		process.stdout.write(JSON.stringify(reply) + '\n');
	}
}

main();
