-- Arithmétique des formats (jamais de règle métier) : textes, UAI, nombres et dates tels qu'écrits.
-- Les cellules arrivent sans espaces aux bords, toute espace insécable, fine ou tabulation en
-- espace ordinaire (pipelines/sources/lecture.py) : il ne reste que la cellule vide à taire.
create or replace macro texte(x) as nullif(x, '');
-- Le tableur efface les zéros de tête : 5 ou 6 chiffres et une lettre sont complétés à 7 chiffres.
create or replace macro uai_complet(x) as case
    when length(x) between 6 and 7 and regexp_full_match(x, '[0-9]+[A-Z]') then lpad(x, 8, '0')
    else x
end;
create or replace macro uai_propre(x) as uai_complet(upper(replace(texte(x), ' ', '')));
create or replace macro uai_a_perdu_un_zero(x) as
    length(uai_propre(x)) > length(replace(texte(x), ' ', ''));
create or replace macro est_uai(x) as
    length(coalesce(x, '')) = 8 and regexp_full_match(x, '[0-9]{7}[A-Z]');
create or replace macro cle_uai_juste(x) as
    substr('ABCDEFGHJKLMNPRSTUVWXYZ', (try_cast(x[1:7] as integer) % 23) + 1, 1) = x[8:8];
create or replace macro departement_de(x) as lpad(regexp_replace(
    regexp_replace(upper(texte(x)), '[.]0$', ''), '^0+([0-9A-Z]{2,3})$', '\1'
), 3, '0');
create or replace macro prefixe_uai(x) as x[1:3];
-- Les trois premiers chiffres d'un UAI ; la Corse garde là deux codes qui ne sont qu'à elle.
create or replace macro departement_de_uai(x) as case
    x[1:3] when '620' then '02A' when '720' then '02B' else x[1:3]
end;
create or replace macro commune_de(x) as nullif(regexp_extract(
    lpad(regexp_replace(upper(texte(x)), '[.]0$', ''), 5, '0'), '^(?:[0-9]{2}|2[AB])[0-9]{3}$'
), '');
create or replace macro nombre(x) as
    try_cast(nullif(regexp_extract(
        replace(replace(texte(x), ' ', ''), ',', '.'), '^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$'
    ), '') as double);
-- « 1.000 », « 1,000 » : mille ou un ? Trois zéros après une marque ne se devinent pas.
create or replace macro entier(x) as case
    when regexp_full_match(x, '[0-9]{1,9}') then cast(x as integer)
    when nombre(x) = floor(nombre(x)) and not regexp_matches(texte(x), '[.,]000$')
    then try_cast(nombre(x) as integer)
end;
-- Une part d'ETP : 0,8 ; 80 % ; ou 80, un entier qui ne peut être qu'un pourcentage.
create or replace macro est_pourcentage_nu(x, minimum) as
    coalesce(entier(x) between minimum and 100, false);
create or replace macro part_de(x, minimum) as case
    when ends_with(texte(x), '%') then nombre(replace(x, '%', '')) / 100
    when est_pourcentage_nu(x, minimum) then nombre(x) / 100
    else nombre(x)
end;
-- « 08 % » : 8 % ou 80 % ? « 08 » : 0,8 ou 8 % ? Un zéro de tête sans virgule ne se devine pas.
create or replace macro est_part_ambigue(x) as
    coalesce(regexp_matches(texte(x), '^[+-]?0[0-9]'), false);
create or replace macro oui_non(x) as case
    when lower(texte(x)) in ('1', '1.0', 'oui', 'o', 'vrai', 'true', 'x') then true
    when lower(texte(x)) in ('0', '0.0', 'non', 'n', 'faux', 'false') then false
end;
create or replace macro annee_rentree(x) as
    try_cast(regexp_extract(texte(x), '^[^0-9]*((?:19|20)[0-9]{2})', 1) as integer);
-- Une date ISO, « 27/05/2026 », ou le nombre de jours du tableur (1 : le 31/12/1899).
create or replace macro jour_de(x) as coalesce(
    try_cast(left(texte(x), 10) as date),
    cast(try_strptime(left(texte(x), 10), '%d/%m/%Y') as date),
    case
        when regexp_full_match(texte(x), '[2-7][0-9]{4}([.,][0-9]+)?')
        then date '1899-12-30' + cast(floor(nombre(x)) as integer)
    end
);
create or replace macro sans_accents(x) as upper(strip_accents(texte(x)));
-- « Académie de Lille », « rectorat d'Aix-Marseille », « ac-la reunion.fr » : le nom seul, collé.
create or replace macro ecriture_academie(x) as regexp_replace(regexp_replace(
    sans_accents(x),
    '^((ACADEMIE|RECTORAT|REGION( ACADEMIQUE)?) (DE LA |DE L[^A-Z]|DE |D[^A-Z]|DU )?)+'
    || '|^AC-|[.]FR$',
    '',
    'g'
), '[^A-Z]', '', 'g');
-- Degrés WGS 84 ; le point (0, 0) et ce qui sort du globe ne sont pas des positions.
create or replace macro latitude_de(x, y) as case
    when nombre(x) between -90 and 90 and (nombre(x) != 0 or nombre(y) != 0) then nombre(x)
end;
create or replace macro longitude_de(x, y) as case
    when nombre(y) between -180 and 180 and (nombre(x) != 0 or nombre(y) != 0) then nombre(y)
end;
create or replace macro distance_km(latitude_a, longitude_a, latitude_b, longitude_b, km) as
    km * sqrt(
        pow(latitude_a - latitude_b, 2)
        + pow((longitude_a - longitude_b) * cos(radians(latitude_a)), 2)
    );
-- Une date tombe dans la rentrée de l'année scolaire qu'elle traverse (août à juillet).
create or replace macro rentree_du_jour(x) as
    year(x) - case when month(x) < 8 then 1 else 0 end;
create or replace macro departement_de_commune(x) as
    case when x like '97%' or x like '98%' then x[1:3] else '0' || x[1:2] end;
create or replace macro decimale(x) as replace(cast(x as varchar), '.', ',');
create or replace macro dit(x) as regexp_replace(decimale(x), ',0$', '');
create or replace macro dit_oui_non(x) as case when x then 'oui' when not x then 'non' else 'vide' end;
create or replace macro minutes_et_km(minutes, km) as
    coalesce(dit(minutes) || ' min', 'sans itinéraire') || coalesce(', ' || dit(km) || ' km', '');
-- Une cellule lue et ce qui y est à redire (`motif`, un code de ref_motifs_anomalie, ou rien).
create or replace macro cellule(nom, lue, motif) as
    {'colonne': nom, 'valeur': lue, 'code': motif};
create or replace macro a_redire(cellules) as
    list_filter(cellules, lambda c: c.code is not null);
-- De plusieurs lignes d'une même donnée, la première est gardée ; une ligne perdue ne compte pas.
create or replace macro sort_de(est_perdue, rang) as
    case when est_perdue then 'rejetee' when rang > 1 then 'fusionnee' else 'gardee' end;
create or replace macro uai_juste(x) as est_uai(x) and cle_uai_juste(x);
create or replace macro motif_uai_local(x, lu) as case
    when not uai_juste(x) then 'uai_illisible_local'
    when uai_a_perdu_un_zero(lu) then 'uai_zero_perdu'
end;
-- Ce qu'une ligne dit, et ce que dit de la même donnée la ligne retenue, d'un fichier.
create or replace macro retenu(quoi, valeur, fichier) as
    quoi || ', retenu ' || valeur || ' (' || fichier || ')';
create or replace macro contraires(quoi, ecarte, valeur, fichier) as
    retenu(quoi || ', écarté ' || ecarte, valeur, fichier);
create or replace macro a_la_rentree(uai, rentree) as uai || ', rentrée ' || rentree;
create or replace macro motif_uai(x, lu) as case
    when x is null then 'uai_absent'
    when not est_uai(x) then 'uai_illisible'
    when not cle_uai_juste(x) then 'uai_cle_fausse'
    when uai_a_perdu_un_zero(lu) then 'uai_zero_perdu'
end;
create or replace macro motif_rentree(x) as case
    when x is null then 'rentree_illisible'
    when x > year(current_date) then 'rentree_a_venir'
end;
-- Pourquoi une ligne cède à une autre du même établissement et de la même rentrée.
create or replace macro motif_de_fusion(est_reprise, est_contraire, est_d_un_autre_fichier) as case
    when est_reprise then 'valeur_reprise'
    when est_contraire then 'lignes_contraires'
    when est_d_un_autre_fichier then 'remplacee_par_plus_recent'
    else 'uai_deux_lignes'
end;
