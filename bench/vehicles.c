/*
 * vehicles.c
 *	  A territory's vehicles: a fix every 10 seconds, 8 hours a day.
 *
 * usage: vehicles [VEHICLES [DAYS]] (200 and 5: 2,880,000 fixes)
 *
 * Writes CSV (vehicle_id, t, lon, lat, speed in km/h), by time, then vehicle.
 * Deterministic: the same arguments give the same bytes.
 *
 * Streets are a lattice of 61 by 60 crossings, 148 m apart and pushed about,
 * around Dijon.  A vehicle drives from crossing to crossing at the street's
 * speed, straight on more often than not, and waits at some: at lights, and
 * now and then for minutes.  Its receiver's error wanders, but what a standing
 * vehicle tells stands still.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "random.h"

#define WIDE 61
#define HIGH 60
#define APART 148.0
#define DAY_SECONDS (8 * 3600)
#define EVERY 10

typedef struct Crossing
{
	int			x,
				y;
} Crossing;

typedef struct Vehicle
{
	Crossing	from,
				to;
	double		done;			/* metres of the street */
	double		length;
	double		speed;
	int			wait;			/* seconds, at its end */
	double		error[2];
	double		told[2];
	int			stood;			/* at the last fix */
} Vehicle;

static double crossing_x[WIDE][HIGH];
static double crossing_y[WIDE][HIGH];
static uint64_t random_state[2];

/* splitmix64, for the seed */
static uint64_t
seed_bits(uint64_t *seed)
{
	uint64_t	z = (*seed += 0x9E3779B97F4A7C15u);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

/* xorshift128+ */
static uint64_t
random_bits(void)
{
	uint64_t	a = random_state[0],
				b = random_state[1];

	random_state[0] = b;
	a ^= a << 23;
	random_state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return random_state[1] + b;
}

static int
is_crossing(int x, int y)
{
	return x >= 0 && x < WIDE && y >= 0 && y < HIGH;
}

/* where to go on from the end of the street: mostly straight, not out of town */
static Crossing
choose_next(const Vehicle *vehicle)
{
	int			dx = vehicle->to.x - vehicle->from.x,
				dy = vehicle->to.y - vehicle->from.y;

	for (int tries = 0;; tries++)
	{
		double		r = uniform();
		int			x = dx,
					y = dy;

		/* left, or right */
		if (r >= 0.6 || tries >= 3)
		{
			x = r < 0.8 ? -dy : dy;
			y = r < 0.8 ? dx : -dx;
		}
		/* the corner of the town: back */
		if (tries > 8)
		{
			x = -dx;
			y = -dy;
		}
		if ((x != 0 || y != 0) && is_crossing(vehicle->to.x + x, vehicle->to.y + y))
			return (Crossing){vehicle->to.x + x, vehicle->to.y + y};
	}
}

static void
enter_street(Vehicle *vehicle)
{
	static const double speeds[] = {6, 9, 13};
	int			was_x = vehicle->from.x;
	Crossing	next = choose_next(vehicle);
	double		r;

	vehicle->from = vehicle->to;
	vehicle->done = 0;
	vehicle->length = hypot(crossing_x[next.x][next.y] - crossing_x[vehicle->from.x][vehicle->from.y],
							crossing_y[next.x][next.y] - crossing_y[vehicle->from.x][vehicle->from.y]);
	vehicle->speed = speeds[(vehicle->from.x * 7 + vehicle->from.y * 13 + (vehicle->from.x != was_x)) % 3] *
		(0.8 + 0.4 * uniform());
	vehicle->to = next;
	r = uniform();
	vehicle->wait = r < 0.01 ? 120 + (int) (uniform() * 780) : r < 0.26 ? 5 + (int) (uniform() * 40) : 0;
}

static void
place_crossings(void)
{
	for (int x = 0; x < WIDE; x++)
		for (int y = 0; y < HIGH; y++)
		{
			crossing_x[x][y] = 60 + x * APART + (uniform() - 0.5) * 80;
			crossing_y[x][y] = 60 + y * APART + (uniform() - 0.5) * 80;
		}
}

static void
place_vehicle(Vehicle *vehicle)
{
	vehicle->to.x = (int) (uniform() * WIDE);
	vehicle->to.y = (int) (uniform() * HIGH);
	vehicle->from = vehicle->to;
	vehicle->from.x += vehicle->to.x > 0 ? -1 : 1;
	enter_street(vehicle);
}

/* one second; returns the speed in it */
static double
drive(Vehicle *vehicle)
{
	double		speed = vehicle->speed;

	if (vehicle->wait > 0)
	{
		vehicle->wait--;
		return 0;
	}
	vehicle->done += speed;
	if (vehicle->done >= vehicle->length)
		enter_street(vehicle);
	return speed;
}

static void
tell(Vehicle *vehicle, int number, int day, int second, double speed)
{
	const Crossing *from = &vehicle->from,
			   *to = &vehicle->to;
	double		part = vehicle->length > 0 ? vehicle->done / vehicle->length : 0,
				x = crossing_x[from->x][from->y] + part * (crossing_x[to->x][to->y] - crossing_x[from->x][from->y]),
				y = crossing_y[from->x][from->y] + part * (crossing_y[to->x][to->y] - crossing_y[from->x][from->y]);
	int			clock = 8 * 3600 + second;

	if (speed > 0 || second == 0 || !vehicle->stood)
	{
		vehicle->told[0] = x + vehicle->error[0];
		vehicle->told[1] = y + vehicle->error[1];
	}
	vehicle->stood = speed == 0;
	printf("%d,2026-06-%02d %02d:%02d:%02d+00,%.6f,%.6f,%.1f\n", number, 1 + day, clock / 3600, clock / 60 % 60,
		   clock % 60, 4.98 + vehicle->told[0] / 75450.0, 47.28 + vehicle->told[1] / 111200.0, speed * 3.6);
}

int
main(int argc, char **argv)
{
	int			num_vehicles = argc > 1 ? atoi(argv[1]) : 200,
				num_days = argc > 2 ? atoi(argv[2]) : 5;
	uint64_t	seed = 20260605;
	Vehicle    *vehicles = calloc(num_vehicles, sizeof(Vehicle));

	if (num_vehicles < 1 || num_days < 1 || num_days > 30 || vehicles == NULL)
		return 1;
	random_state[0] = seed_bits(&seed);
	random_state[1] = seed_bits(&seed);
	place_crossings();
	for (int v = 0; v < num_vehicles; v++)
		place_vehicle(&vehicles[v]);
	for (int day = 0; day < num_days; day++)
		for (int second = 0; second < DAY_SECONDS; second++)
			for (int v = 0; v < num_vehicles; v++)
			{
				double		speed = second > 0 ? drive(&vehicles[v]) : 0;

				for (int d = 0; d < 2; d++)
					vehicles[v].error[d] = 0.97 * vehicles[v].error[d] + 0.24 * 2.5 * normal();
				if (second % EVERY == 0)
					tell(&vehicles[v], v + 1, day, second, speed);
			}
	return 0;
}
