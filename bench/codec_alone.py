"""The codecs alone, without a server: codec/codec_bench.c, built and run."""

import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ('codec', 'values', 'bits a value', 'ns to encode', 'ns to decode')


def bench(options, report):
    report.section('Codecs', 'Vectors of 1,440 values, each alone; processor time, the least of three.', COLUMNS)
    done = subprocess.run(['make', '-s', '-C', os.path.join(HERE, 'codec'), f'BUILD={options.work}/codec'],
                          stdout=subprocess.PIPE, text=True, check=True)
    decode = []
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if len(cells) == 1 + len(COLUMNS) and cells[2].isdigit():
            report.line(cells[0], cells[1:])
            decode.append(float(cells[-1]))
    mean = sum(decode) / len(decode)
    met = 'met' if mean <= 1 else '**not met**'
    report.line(f'mean (target: ≤ 1 ns to decode, {met})', ['', '', '', '', f'{mean:.2f}'], mean > 1)
