"""A connection to one twin, and what a statement gave there."""
import io
import time

import psycopg2
from psycopg2 import extensions

from statement import METHOD

# Every value stays the text that the server sent.
extensions.string_types.clear()
TIMEOUT = '30s'
LOST = ('57P01', '57P02', '57P03', '08000', '08003', '08006')


class Lost(Exception):
    """The server went away."""


class Outcome:
    def __init__(self, error=None, message=None, tag=None, rows=None, columns=None):
        self.error, self.message, self.tag, self.rows, self.columns = error, message, tag, rows, columns

    def brief(self, limit=12):
        if self.error:
            return 'ERROR %s: %s' % (self.error, (self.message or '').strip())
        text = self.tag or 'ok'
        if self.rows is not None:
            text += ', %d rows' % len(self.rows)
            for row in self.rows[:limit]:
                text += '\n      ' + ' | '.join('NULL' if v is None else v[:120] for v in row)
            if len(self.rows) > limit:
                text += '\n      ...'
        return text


class Side:
    def __init__(self, dsn, schema, method):
        self.dsn, self.schema, self.method = dsn, schema, method
        self.connection = None
        self.observer = None      # looks at the tables between the steps, with the server's own settings
        self.elder = None         # a second session, made where a statement asks for it

    def connect(self, wait=0):
        """A fresh connection; after a crash, as soon as the server takes one again."""
        deadline = time.time() + wait
        while True:
            try:
                # as a default of the connection, so that RESET ALL keeps it
                options = '-c search_path=%s,public -c synchronous_commit=off -c jit=off' % self.schema
                self.connection = psycopg2.connect(self.dsn, options=options)
                self.observer = psycopg2.connect(self.dsn, options=options + " -c statement_timeout=%s -c TimeZone=Europe/Paris" % TIMEOUT)
                self.connection.autocommit = self.observer.autocommit = True
                self.connection.set_client_encoding('UTF8')
                with self.connection.cursor() as cursor:
                    cursor.execute("SET client_min_messages = error; SET statement_timeout = '%s'; SET TimeZone = 'Europe/Paris'"
                                   % TIMEOUT)
                return
            except psycopg2.OperationalError:
                if time.time() > deadline:
                    raise
                time.sleep(0.2)

    def close(self):
        for connection in (self.connection, self.observer, self.elder):
            if connection is not None:
                connection.close()
        self.connection = self.observer = self.elder = None

    def second(self):
        if self.elder is None:
            self.elder = psycopg2.connect(self.dsn, options="-c search_path=%s,public -c jit=off -c statement_timeout=%s -c TimeZone=Europe/Paris" % (
                self.schema, TIMEOUT))
            self.elder.autocommit = True
        return self.elder

    def text(self, sql):
        return sql.replace(METHOD, self.method).replace('@SIDE@', self.schema)

    def run(self, statement, connection=None):
        connection = connection or (self.second() if statement.elder else self.connection)
        cursor = connection.cursor()
        sql = self.text(statement.sql)
        try:
            if statement.copy_in is not None:
                cursor.copy_expert(sql, io.StringIO(statement.copy_in))
                return Outcome(tag=cursor.statusmessage)
            if statement.copy_out:
                out = io.StringIO()
                cursor.copy_expert(sql, out)
                return Outcome(tag=cursor.statusmessage, rows=[(line,) for line in out.getvalue().split('\n')[:-1]])
            cursor.execute(sql)
            if cursor.description is None:
                return Outcome(tag=cursor.statusmessage)
            return Outcome(tag=cursor.statusmessage, rows=cursor.fetchall(), columns=[c.name for c in cursor.description])
        except psycopg2.Error as error:
            if connection.closed or error.pgcode is None and isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)) \
                    or error.pgcode in LOST:
                raise Lost(str(error).strip())
            return Outcome(error=error.pgcode or type(error).__name__, message=error.diag.message_primary or str(error))
        finally:
            cursor.close()

    def ask(self, sql):
        """Rows of a query of the harness itself."""
        with self.connection.cursor() as cursor:
            cursor.execute(self.text(sql))
            return cursor.fetchall() if cursor.description else []
