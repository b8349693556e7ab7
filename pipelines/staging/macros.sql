-- Arithmétique des formats (jamais de règle métier) : textes, UAI, nombres et dates tels qu'écrits.
create or replace macro texte(x) as nullif(trim(translate(x, chr(160) || chr(8239), '  ')), '');
create or replace macro uai_propre(x) as upper(replace(texte(x), ' ', ''));
create or replace macro est_uai(x) as regexp_full_match(coalesce(x, ''), '[0-9]{7}[A-Z]');
create or replace macro cle_uai_juste(x) as
    substr('ABCDEFGHJKLMNPRSTUVWXYZ', (try_cast(x[1:7] as integer) % 23) + 1, 1) = x[8:8];
create or replace macro departement_de(x) as
    lpad(regexp_replace(upper(texte(x)), '^0+(..)$', '\1'), 3, '0');
create or replace macro commune_de(x) as
    lpad(regexp_replace(upper(texte(x)), '[.]0$', ''), 5, '0');
create or replace macro nombre(x) as
    try_cast(nullif(regexp_extract(
        replace(replace(texte(x), ' ', ''), ',', '.'), '^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$'
    ), '') as double);
create or replace macro entier(x) as
    case when nombre(x) = floor(nombre(x)) then try_cast(nombre(x) as integer) end;
create or replace macro oui_non(x) as case
    when lower(texte(x)) in ('1', '1.0', 'oui', 'o', 'vrai', 'true', 'x') then true
    when lower(texte(x)) in ('0', '0.0', 'non', 'n', 'faux', 'false') then false
end;
create or replace macro annee_rentree(x) as
    try_cast(regexp_extract(texte(x), '[12][0-9]{3}') as integer);
create or replace macro jour_de(x) as coalesce(
    try_cast(left(texte(x), 10) as date),
    cast(try_strptime(texte(x), '%d/%m/%Y') as date)
);
create or replace macro sans_accents(x) as upper(strip_accents(texte(x)));
-- Une date tombe dans la rentrée de l'année scolaire qu'elle traverse (août à juillet).
create or replace macro rentree_du_jour(x) as
    year(x) - case when month(x) < 8 then 1 else 0 end;
create or replace macro departement_de_commune(x) as
    case when x like '97%' or x like '98%' then x[1:3] else '0' || x[1:2] end;
