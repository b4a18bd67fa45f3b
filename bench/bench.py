"""Heap and territory, and DuckDB if it is asked for, side by side, in one run; writes RESULTS.md beside this file."""

import argparse
import os
import sys

import codec_alone
import directory
import maps
import mobilitydb
import readings
import series
import space
import uuids
import vehicles
from measure import connect
from report import Report

SECTIONS = {
    'readings': readings.bench,
    'uuid': uuids.bench,
    'vehicles': vehicles.bench,
    'series': series.bench,
    'maps': maps.bench,
    'space': space.bench,
    'directory': directory.bench,
    'codec': codec_alone.bench,
}


def parse():
    parser = argparse.ArgumentParser(prog='./run bench', description=__doc__)
    parser.add_argument('--sensors', type=int, default=1000, help='each with a reading a minute (1000)')
    parser.add_argument('--days', type=int, default=14, help='of readings (14: 20.16 million rows)')
    parser.add_argument('--quick', action='store_true', help='1 million rows, and a tenth of the segments')
    parser.add_argument('--duckdb', action='store_true', help='DuckDB, too, from npm')
    parser.add_argument('--mobilitydb', action='store_true', help='only the vehicles, beside MobilityDB')
    parser.add_argument('--repeat', type=int, default=5, help='times that each thing is measured (5)')
    parser.add_argument('--only', action='append', choices=SECTIONS, help='these sections')
    parser.add_argument('--out', default=os.path.join(os.path.dirname(os.path.abspath(__file__)), 'RESULTS.md'))
    parser.add_argument('--work', required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mobilitydb and (options.duckdb or options.only not in (None, ['vehicles'])):
        parser.error('--mobilitydb measures vehicles, and nothing else')
    if options.quick:
        options.sensors, options.days = 100, 7
    if options.days < 7 or options.sensors < 16:
        parser.error('it takes 16 sensors and 7 days at least')
    options.count = options.sensors * options.days * 1440
    return options


def main():
    options = parse()
    arguments = sys.argv[3:]  # without --work
    while '--out' in arguments:
        at = arguments.index('--out')
        del arguments[at:at + 2]
    report = Report()
    write = report.write_beside if options.mobilitydb else report.write
    options.save = lambda: write(options.out, connect(), arguments)    # what there is, should the run be stopped
    for name, section in ({'vehicles': mobilitydb.bench} if options.mobilitydb else SECTIONS).items():
        if options.only is None or name in options.only:
            section(options, report)
            options.save()
    print(f'\n{options.out} holds the results.')
    if report.missed:
        print('Targets missed: ' + '; '.join(report.missed))


if __name__ == '__main__':
    main()
