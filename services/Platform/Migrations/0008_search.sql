-- How text is compared where people look for it: without regard to case, accents and the Unicode form in which it was written.
CREATE EXTENSION IF NOT EXISTS unaccent;

-- The compatibility decomposition without marks and invisible characters, in lower case, letters such as ø and ß replaced (unaccent), composed again.
-- unaccent() is only STABLE since its rules are a file of the server. They change with a major version of PostgreSQL at most; whoever upgrades has stored texts computed anew.
CREATE FUNCTION folded_text(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    normalize(public.unaccent('public.unaccent', translate(lower(regexp_replace(normalize(value, NFKD),
        '[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670\u00ad\u200b-\u200f\u2060\ufeff]', '', 'g')), 'ς', 'σ')), NFC);

-- Folded text whose punctuation is letters: of the Old Italic script, which no name is written in. Trigrams are of letters and digits alone, and in a pattern % _ \ would mean something else.
CREATE FUNCTION search_letters(folded text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN
    translate(folded, E'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', '𐌀𐌁𐌂𐌃𐌄𐌅𐌆𐌇𐌈𐌉𐌊𐌋𐌌𐌍𐌎𐌏𐌐𐌑𐌒𐌓𐌔𐌕𐌖𐌗𐌘𐌙𐌚𐌛𐌜𐌝𐌞𐌟');

-- What a text is found by: its words as they are, those between its punctuation (Marie of Anne-Marie), and those without hyphens and apostrophes (obrien for O'Brien). A space before each.
-- In PL/pgSQL, which takes a quarter of the time of SQL here; names are qualified because a restore has no search path.
CREATE FUNCTION searchable_text(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE folded text := public.folded_text(value);
BEGIN
    RETURN ' ' || public.search_letters(folded)
        || ' ' || translate(folded, E'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~·', repeat(' ', 33))
        || ' ' || public.search_letters(translate(folded, '''-', ''));
END $$;

-- The pattern (LIKE) that finds a term in a searchable text: anywhere, or from the beginning of a word when it is of one or two letters, which have no trigram of their own.
CREATE FUNCTION search_pattern(term text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE letters text := public.search_letters(public.folded_text(term));
BEGIN
    RETURN CASE WHEN length(letters) < 3 THEN '% ' ELSE '%' END || letters || '%';
END $$;
