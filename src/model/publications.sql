-- Publishing: which layers are open data, and the catalogue of these as DCAT-AP.
--
-- publish() writes down that a layer is open and where it is had; who may read
-- the table is another matter, which grants decide.  The JSON-LD is a function,
-- so that any HTTP front to PostgreSQL serves it as it is.

CREATE TABLE territory.publications
(
	rel regclass PRIMARY KEY REFERENCES territory.layers ON DELETE CASCADE,
	-- of the European data themes: ENVI, TRAN, ...
	theme text CHECK (theme IN ('AGRI', 'ECON', 'EDUC', 'ENER', 'ENVI', 'GOVE', 'HEAL', 'INTR', 'JUST', 'REGI', 'SOCI', 'TECH', 'TRAN')),
	access_url text CHECK (access_url ~ '^https?://[^[:space:]]+$'),
	download_url text CHECK (download_url ~ '^https?://[^[:space:]]+$'),
	media_type text NOT NULL CHECK (media_type ~ '^[a-z]+/[a-zA-Z0-9.+-]+$'),
	language text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
	published_at timestamptz NOT NULL,
	modified_at timestamptz NOT NULL,
	published_by name NOT NULL
);
COMMENT ON TABLE territory.publications IS 'The layers that are open data, and where they are had. See territory.publish().';
SELECT pg_catalog.pg_extension_config_dump('territory.publications',
	$$WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = rel)$$);
GRANT SELECT ON territory.publications TO PUBLIC;

-- an SPDX identifier or an URL, as the URL of its text; null for what is neither
CREATE FUNCTION territory.licence_url(licence text) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT CASE WHEN licence ~ '^https?://[^[:space:]]+$' THEN licence
		WHEN licence ~ '^[A-Za-z0-9][A-Za-z0-9.+-]*$' THEN 'https://spdx.org/licenses/' || licence END;
END;
COMMENT ON FUNCTION territory.licence_url(text) IS
'The address of a licence that is given as an address or by its SPDX identifier (etalab-2.0, ODbL-1.0, CC-BY-4.0); null for anything else.';

CREATE FUNCTION territory.store_publication(layer regclass, licence text, theme text, access_url text, download_url text,
	media_type text, language text, published boolean) RETURNS void
	LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'territory_for_caller';
COMMENT ON FUNCTION territory.store_publication(regclass, text, text, text, text, text, text, boolean) IS
'Writes for publish() and unpublish(); call these.';

CREATE FUNCTION territory.store_publication_for(caller regrole, layer regclass, licence text, theme text, access_url text,
	download_url text, media_type text, language text, published boolean) RETURNS void
	LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	known territory.layers;
BEGIN
	PERFORM territory.check_layer_relation(caller, $2);
	SELECT * INTO known FROM territory.layers l WHERE l.rel = $2 FOR NO KEY UPDATE;
	IF NOT FOUND THEN
		RAISE undefined_object USING MESSAGE = format('%s is not a layer', $2), HINT = 'Make it one with territory.add_layer().';
	END IF;
	PERFORM territory.check_domain_steward(caller, known.domain);
	IF NOT $9 THEN
		DELETE FROM territory.publications p WHERE p.rel = $2;
		IF NOT FOUND THEN
			RAISE undefined_object USING MESSAGE = format('%s is not published', $2), HINT = 'See territory.publications.';
		END IF;
		RETURN;
	END IF;
	IF territory.licence_url(coalesce($3, known.licence)) IS NULL THEN
		RAISE invalid_parameter_value USING MESSAGE = format('%s cannot be published without a licence', $2),
			HINT = 'Give its SPDX identifier (etalab-2.0, ODbL-1.0, CC-BY-4.0, CC0-1.0) or the address of its text.';
	END IF;
	UPDATE territory.layers l SET licence = $3 WHERE l.rel = $2 AND l.licence IS DISTINCT FROM $3 AND $3 IS NOT NULL;
	INSERT INTO territory.publications (rel, theme, access_url, download_url, media_type, language, published_at, modified_at,
		published_by)
	VALUES ($2, $4, $5, $6, $7, $8, now(), now(), pg_get_userbyid(caller))
	ON CONFLICT (rel) DO UPDATE SET theme = excluded.theme, access_url = excluded.access_url,
		download_url = excluded.download_url, media_type = excluded.media_type, language = excluded.language, modified_at = now(),
		published_by = excluded.published_by;
EXCEPTION WHEN check_violation OR not_null_violation THEN
	RAISE invalid_parameter_value USING MESSAGE = format('the publication of %s does not say where or what it is: %s', $2, sqlerrm),
		HINT = 'theme is of the European data themes (ENVI, TRAN, ENER ...); addresses begin with http:// or https://; media_type is as in text/csv, language as in fr.';
END $$;
COMMENT ON FUNCTION territory.store_publication_for(regrole, regclass, text, text, text, text, text, text, boolean) IS
'What store_publication() does for its caller; not to be called.';
REVOKE EXECUTE ON FUNCTION territory.store_publication_for(regrole, regclass, text, text, text, text, text, text, boolean) FROM PUBLIC;

CREATE FUNCTION territory.publish(layer regclass, licence text DEFAULT NULL, theme text DEFAULT NULL, access_url text DEFAULT NULL,
	download_url text DEFAULT NULL, media_type text DEFAULT 'application/json', language text DEFAULT 'fr') RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_publication(layer, licence, theme, access_url, download_url, media_type, language, true);
END;
COMMENT ON FUNCTION territory.publish(regclass, text, text, text, text, text, text) IS
'Put a layer into the open-data catalogue (dcat()), or say anew how it is had: licence (SPDX identifier or address; the layer''s, when it is left out), European data theme, addresses, media type, language of its title. Grants nothing. For the owner who is a member of the domain''s steward.';

CREATE FUNCTION territory.unpublish(layer regclass) RETURNS void
	LANGUAGE sql VOLATILE PARALLEL UNSAFE
BEGIN ATOMIC
	SELECT territory.store_publication(layer, NULL, NULL, NULL, NULL, NULL, NULL, false);
END;
COMMENT ON FUNCTION territory.unpublish(regclass) IS
'Take a layer out of the open-data catalogue. For the owner who is a member of the domain''s steward.';

CREATE FUNCTION territory.url_encode(name text) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT string_agg(CASE WHEN b BETWEEN 1 AND 127 AND chr(b) ~ '[A-Za-z0-9._~-]' THEN chr(b) ELSE '%' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY i)
	FROM (SELECT convert_to(name, 'UTF8') AS bytes) n, LATERAL generate_series(0, length(bytes) - 1) i,
		LATERAL (SELECT get_byte(bytes, i)) g(b);
END;
COMMENT ON FUNCTION territory.url_encode(text) IS 'A name as a part of an address, what is not plain as %XX.';

-- DCAT-AP

CREATE FUNCTION territory.bounds_text(bounds double precision[], srid integer) RETURNS text
	LANGUAGE sql STABLE STRICT PARALLEL SAFE
BEGIN ATOMIC
	SELECT ST_AsText(ST_Envelope(ST_Transform(ST_MakeEnvelope(bounds[1], bounds[2], bounds[3], bounds[4], srid), 4326)), 5);
END;
COMMENT ON FUNCTION territory.bounds_text(double precision[], integer) IS
'A box (xmin, ymin, xmax, ymax) in longitudes and latitudes, as WKT.';

CREATE FUNCTION territory.layer_bounds(rel regclass) RETURNS double precision[]
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
	places regclass;
	place name;
	bounds double precision[];
BEGIN
	SELECT * INTO layer FROM territory.layers l WHERE l.rel = $1;
	places := CASE WHEN layer.position_column IS NULL THEN layer.entity_table ELSE layer.rel END;
	place := coalesce(layer.position_column, layer.entity_position);
	IF place IS NULL OR NOT territory.layer_is_measured(places) THEN
		RETURN NULL;
	END IF;
	IF EXISTS (SELECT FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = places AND a.amname = 'territory') THEN
		SELECT ARRAY[min(s.bounds[1]), min(s.bounds[2]), max(s.bounds[3]), max(s.bounds[4])] INTO bounds
		FROM territory.summaries(places) s WHERE s.block IS NULL AND s.column_name = place;
	ELSE
		EXECUTE format('SELECT ARRAY[%1$s.ST_XMin(e), %1$s.ST_YMin(e), %1$s.ST_XMax(e), %1$s.ST_YMax(e)]'
			' FROM (SELECT %1$s.ST_Extent(%2$I::%1$s.geometry) AS e FROM %3$s) x',
			territory.postgis_schema(), place, places) INTO bounds;
	END IF;
	RETURN CASE WHEN array_position(bounds, NULL) IS NULL THEN bounds END;
END $$;
COMMENT ON FUNCTION territory.layer_bounds(regclass) IS
'The box (xmin, ymin, xmax, ymax, in its SRID) of a layer''s places, of its entities'' places where it holds none: of what is sealed, from summaries, or of a small table. Null where the caller may not read it, or nothing is known cheaply.';

CREATE FUNCTION territory.dcat_dataset(base_url text, publication territory.publications) RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	layer territory.layers;
	domain territory.domains;
	owner territory.organisations;
	measures record;
	url text;
BEGIN
	SELECT * INTO layer FROM territory.layers l WHERE l.rel = publication.rel;
	SELECT * INTO domain FROM territory.domains d WHERE d.code = layer.domain;
	SELECT * INTO owner FROM territory.organisations o WHERE o.code = coalesce(layer.organisation, domain.organisation);
	SELECT * INTO measures FROM territory.layer_measures(layer.rel, cheaply => true);
	url := base_url || '/' || territory.url_encode(layer.rel::text);
	RETURN jsonb_strip_nulls(jsonb_build_object('@id', url, '@type', 'dcat:Dataset', 'dct:identifier', layer.rel::text,
		'dct:title', jsonb_build_object('@language', publication.language, '@value', layer.title),
		'dct:description', jsonb_build_object('@language', publication.language, '@value', coalesce(layer.description, layer.title)),
		'dcat:theme', jsonb_build_object('@id', 'http://publications.europa.eu/resource/authority/data-theme/' || publication.theme),
		'dcat:keyword', to_jsonb(domain.title || coalesce(layer.keywords, '{}')),
		'dct:issued', jsonb_build_object('@type', 'xsd:dateTime', '@value', publication.published_at),
		'dct:modified', jsonb_build_object('@type', 'xsd:dateTime', '@value', publication.modified_at),
		'dct:publisher', CASE WHEN owner.code IS NOT NULL THEN jsonb_build_object('@type', 'foaf:Agent', 'foaf:name', owner.title,
			'dct:identifier', owner.code, 'foaf:homepage', owner.homepage) END,
		'dcat:contactPoint', CASE WHEN owner.contact IS NOT NULL THEN jsonb_build_object('@type', 'vcard:Organization',
			'vcard:fn', owner.title, 'vcard:hasEmail', owner.contact) END,
		'dcat:temporalResolution', CASE WHEN layer.every IS NOT NULL THEN
			jsonb_build_object('@type', 'xsd:duration', '@value', territory.iso_duration(layer.every)) END,
		'dct:temporal', CASE WHEN isfinite(measures.from_time) AND isfinite(measures.to_time) THEN jsonb_build_object('@type',
			'dct:PeriodOfTime', 'dcat:startDate', jsonb_build_object('@type', 'xsd:dateTime', '@value', measures.from_time),
			'dcat:endDate', jsonb_build_object('@type', 'xsd:dateTime', '@value', measures.to_time)) END,
		'dct:spatial', (SELECT jsonb_build_object('@type', 'dct:Location', 'dcat:bbox',
				jsonb_build_object('@type', 'geosparql:wktLiteral', '@value', b.box))
			FROM (SELECT territory.bounds_text(territory.layer_bounds(layer.rel), layer.srid)) b(box) WHERE b.box IS NOT NULL),
		'dcat:distribution', jsonb_build_array(jsonb_build_object('@id', url || '#distribution', '@type', 'dcat:Distribution',
			'dcat:accessURL', jsonb_build_object('@id', coalesce(publication.access_url, publication.download_url, url)),
			'dcat:downloadURL', CASE WHEN publication.download_url IS NOT NULL THEN
				jsonb_build_object('@id', publication.download_url) END,
			'dcat:mediaType', jsonb_build_object('@id', 'https://www.iana.org/assignments/media-types/' || publication.media_type),
			'dct:license', jsonb_build_object('@id', territory.licence_url(layer.licence))))));
END $$;
COMMENT ON FUNCTION territory.dcat_dataset(text, territory.publications) IS
'One published layer as a dcat:Dataset; what dcat() is made of.';

CREATE FUNCTION territory.iso_duration(duration interval) RETURNS text
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET intervalstyle = iso_8601
BEGIN ATOMIC
	SELECT duration::text;
END;
COMMENT ON FUNCTION territory.iso_duration(interval) IS 'An interval as ISO 8601 writes it: PT15M.';

CREATE FUNCTION territory.dcat(base_url text, title text DEFAULT 'Territory', description text DEFAULT NULL,
	language text DEFAULT 'fr') RETURNS jsonb
	LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF base_url IS NULL OR base_url !~ '^https?://[^[:space:]]+$' THEN
		RAISE invalid_parameter_value USING MESSAGE = 'a catalogue has an address',
			HINT = 'Give the one below which its datasets are named, as in https://data.example.org/datasets.';
	END IF;
	RETURN jsonb_build_object('@context', jsonb_build_object('dcat', 'http://www.w3.org/ns/dcat#', 'dct', 'http://purl.org/dc/terms/',
			'foaf', 'http://xmlns.com/foaf/0.1/', 'vcard', 'http://www.w3.org/2006/vcard/ns#',
			'xsd', 'http://www.w3.org/2001/XMLSchema#', 'geosparql', 'http://www.opengis.net/ont/geosparql#'),
		'@id', rtrim(base_url, '/'), '@type', 'dcat:Catalog',
		'dct:title', jsonb_build_object('@language', language, '@value', title),
		'dct:description', jsonb_build_object('@language', language, '@value', coalesce(description, title)),
		'dct:publisher', (SELECT jsonb_build_object('@type', 'foaf:Agent', 'foaf:name', CASE count(*) WHEN 1 THEN min(o.title) ELSE $2 END)
			FROM territory.organisations o WHERE o.parent IS NULL),
		'dcat:dataset', coalesce((SELECT jsonb_agg(territory.dcat_dataset(rtrim(base_url, '/'), p) ORDER BY p.rel::text)
			FROM territory.publications p), '[]'));
END $$;
COMMENT ON FUNCTION territory.dcat(text, text, text, text) IS
'The layers that are published as a DCAT-AP catalogue in JSON-LD, for an open-data portal to harvest. base_url is the address below which datasets are named. Times and boxes are told of layers that the caller may read, and that cost little to measure.';
