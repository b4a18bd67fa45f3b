#!/usr/bin/python3
"""draw.py - the pictures of the documents, drawn from tiles.

    draw.py ZOOM X Y 'LAYERS' 'ARGUMENTS OF territory.tile()' > picture.svg

psql asks the server of PGHOST, PGDATABASE … for the tile, and GDAL (ogr2ogr) decodes it, so what is drawn is what
a map shows: points, coloured by the property PICTURE_COLOUR, lines, and cells, the more rows the darker.
"""

import json
import os
import subprocess
import sys
import tempfile

SIDE = 640
GROUND, INK = '#f4f1ea', '#1f4e79'


def features(zoom, x, y, layers, arguments):
    sql = f"SELECT encode(territory.tile({zoom}, {x}, {y}, '{layers}'{', ' + arguments if arguments else ''}), 'hex')"
    tile = bytes.fromhex(subprocess.run(['psql', '-XAtc', sql], check=True, capture_output=True, text=True).stdout)
    with tempfile.NamedTemporaryFile(suffix='.mvt') as file:
        file.write(tile)
        file.flush()
        source = ['MVT:' + file.name, '-oo', f'X={x}', '-oo', f'Y={y}', '-oo', f'Z={zoom}']
        names = subprocess.run(['ogrinfo', '-q', *source], check=True, capture_output=True, text=True).stdout
        for name in (line.split(': ')[1].split(' (')[0] for line in names.splitlines()):
            found = subprocess.run(['ogr2ogr', '-f', 'GeoJSON', '/vsistdout/', *source, name], check=True, capture_output=True, text=True)
            yield from json.loads(found.stdout)['features']


def main():
    zoom, x, y = map(int, sys.argv[1:4])
    half, side = 20037508.342789244, 2 * 20037508.342789244 / 2**zoom

    def place(p):
        return f'{(p[0] + half - x * side) / side * SIDE:.1f},{(half - y * side - p[1]) / side * SIDE:.1f}'

    found = list(features(zoom, x, y, sys.argv[4], ' '.join(sys.argv[5:])))
    most = max((f['properties'].get('count', 0) for f in found), default=1)
    colour = os.environ.get('PICTURE_COLOUR')
    kinds = sorted({str(f['properties'].get(colour)) for f in found}) if colour else []
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}">')
    print(f'<rect width="{SIDE}" height="{SIDE}" fill="{GROUND}"/>')
    for f in found:
        shape, properties = f['geometry'], f['properties']
        if shape['type'] == 'Point':
            paint = f'hsl({360 * kinds.index(str(properties.get(colour))) // len(kinds)} 70% 45%)' if kinds else INK
            cx, cy = place(shape['coordinates']).split(',')
            print(f'<circle cx="{cx}" cy="{cy}" r="0.9" fill="{paint}"/>')
        elif shape['type'] in ('LineString', 'MultiLineString'):
            for line in [shape['coordinates']] if shape['type'] == 'LineString' else shape['coordinates']:
                print(f'<polyline points="{" ".join(map(place, line))}" fill="none" stroke="{INK}"/>')
        else:
            for ring in shape['coordinates'][:1]:
                weight = (properties.get('count', most) / most) ** 0.5
                print(f'<polygon points="{" ".join(map(place, ring))}" fill="#b5361c" fill-opacity="{weight:.2f}"/>')
    print('</svg>')


if __name__ == '__main__':
    main()
