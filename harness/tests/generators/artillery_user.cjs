// What a user of Artillery does beyond Artillery's own steps, which look at one message after each that they send: this
// looks at every message, and counts it by Artillery's counter of that name. Each thread of Artillery has its own count,
// in a file whose name begins as COUNTS says, ten times a second.

const fs = require('node:fs');
const { threadId } = require('node:worker_threads');

const symbols = process.env.SYMBOLS.split(',');
// Written over itself and never emptied, so that a reader always finds a number.
const counts = fs.openSync(`${process.env.COUNTS}.${threadId}`, 'w');
let received = 0;

setInterval(() => fs.writeSync(counts, `${received}\n`, 0), 100).unref();

module.exports.choose = (context, _events, done) => {
    context.vars.symbol = symbols[Math.floor(Math.random() * symbols.length)];
    done();
};

module.exports.follow = (context, events, done) => {
    context.ws.on('message', () => {
        received += 1;
        events.emit('counter', 'websocket.messages_received', 1);
    });
    done();
};
