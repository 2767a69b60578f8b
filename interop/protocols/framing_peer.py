"""Feeds each case of standard input to Twisted's framing protocols, and says what they delivered."""
import base64
import json
import sys

from twisted.internet.testing import StringTransport
from twisted.protocols import basic


def make(kind, limit):
    base = getattr(basic, kind)

    class Recorder(base):
        def __init__(self):
            self.events = []

        def lineReceived(self, line):
            self.events.append(["line", base64.b64encode(line).decode()])

        def stringReceived(self, string):
            self.events.append(["string", base64.b64encode(string).decode()])

        def lineLengthExceeded(self, line):
            self.events.append(["long", base64.b64encode(line).decode()])
            self.transport.loseConnection()

        def lengthLimitExceeded(self, length):
            self.events.append(["long", length])
            self.transport.loseConnection()

    recorder = Recorder()
    recorder.MAX_LENGTH = limit
    recorder.makeConnection(StringTransport())
    return recorder


answers = []
for case in json.load(sys.stdin):
    recorder = make(case["kind"], case["limit"])
    for chunk in case["chunks"]:
        if recorder.transport.disconnecting:
            break
        recorder.dataReceived(base64.b64decode(chunk))
    answers.append([recorder.events, bool(recorder.transport.disconnecting)])
print(json.dumps(answers))
