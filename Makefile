# Makefile - builds, installs and tests the extension with PostgreSQL's PGXS.
#
#   make && sudo make install      PG_CONFIG=… chooses among several servers
#   make installcheck              against the server that PGHOST and PGPORT name
#
# ./run test does all of it on a server of its own.

EXTENSION = territory
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" territory.control)
MODULE_big = territory
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
DATA_built = territory--$(EXTVERSION).sql
DATA = $(wildcard territory--*--*.sql)

# GEOS and PROJ, wherever they are; without their tools, where compilers look
GEOS_CFLAGS ?= $(shell geos-config --cflags 2> /dev/null)
GEOS_LIBS ?= $(or $(shell geos-config --clibs 2> /dev/null),-lgeos_c)
PROJ_CFLAGS ?= $(shell pkg-config --cflags proj 2> /dev/null)
PROJ_LIBS ?= $(or $(shell pkg-config --libs proj 2> /dev/null),-lproj)

PG_CPPFLAGS = -I$(srcdir)/src $(GEOS_CFLAGS) $(PROJ_CFLAGS)
# float sums must be the same on every machine, so nothing is fused; nobody asks errno about a root, and vectors have none
PG_CFLAGS = -MMD -MP -Wno-declaration-after-statement -ffp-contract=off -fno-math-errno
SHLIB_LINK = -lzstd $(GEOS_LIBS) $(PROJ_LIBS) -lm
# bitcode for inlining would need clang on every machine, and helps nothing here
override with_llvm = no

# A room's files in the order given, then any other of that room.  Each file
# may use what those before it made.
room = $(wildcard $(1)) $(filter-out $(1),$(sort $(wildcard $(dir $(firstword $(1)))*.sql)))
SQL_FILES = src/territory.sql \
	$(call room,src/segment/segment.sql) \
	$(call room,src/am/am.sql) \
	$(call room,src/scan/scan.sql) \
	$(call room,src/vector/vector.sql) \
	$(call room,src/series/float_series.sql src/series/state_series.sql src/series/point_series.sql \
		src/series/row_instants.sql) \
	$(call room,src/spacetime/stbox.sql src/spacetime/stbox_index.sql src/spacetime/cell.sql) \
	$(call room,$(addprefix src/model/,domains.sql layers.sql tools.sql assets.sql catalogue.sql publications.sql \
		policies.sql zones.sql sharing.sql situation.sql alerts.sql commands.sql requests.sql indicators.sql))

# REGRESS="one two" in the environment or on the command line runs only those.
# What the others build on is tested first, and last that none left anything.
REGRESS_FIRST = install catalog
REGRESS_LAST = leftovers
REGRESS_FOUND := $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
REGRESS ?= $(filter $(REGRESS_FOUND),$(REGRESS_FIRST)) $(filter-out $(REGRESS_FIRST) $(REGRESS_LAST),$(REGRESS_FOUND)) \
	$(filter $(REGRESS_FOUND),$(REGRESS_LAST))
REGRESS_OPTS = --inputdir=$(srcdir) --outputdir=build/regress \
	--load-extension=postgis --load-extension=territory

ISOLATION ?= $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation --outputdir=build/isolation \
	--load-extension=postgis --load-extension=territory

REGRESS_PREP = build/server
EXTRA_CLEAN = build $(OBJS:.o=.d)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# The objects are made anew when a header, or the server they are built for, changes.
-include $(OBJS:.o=.d)

BUILT_FOR = $(VERSION) $(includedir_server) $(CC) $(CFLAGS)

$(OBJS): build/server

build/server: FORCE
	@mkdir -p build/regress build/isolation
	@echo '$(BUILT_FOR)' | cmp -s - $@ || echo '$(BUILT_FOR)' > $@

$(DATA_built): $(SQL_FILES) territory.control
	cat $(SQL_FILES) > $@.part
	mv $@.part $@

.PHONY: FORCE
