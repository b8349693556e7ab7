-- Grain : une ligne d'activité qui répète un relevé donné par une autre, laquelle est gardée.
with
    fichiers as (select * from stg_fichier where source = 'activite'),
    uais as (select * from stg_activite_uai),

    lues as (
        select
            activite.fichier,
            activite.ligne,
            activite.nombre,
            -- deux lignes de même clé disent le même relevé, de quelque façon qu'il soit écrit
            hash(
                annee_rentree(activite.annee_scolaire),
                sans_accents(activite.periode),
                uais.uai,
                lower(texte(activite.indicateur)),
                lower(texte(activite.modalite))
            ) as cle
        from raw_activite as activite
        left join uais on activite.uai = uais.uai_lu
    ),

    -- les relevés donnés plusieurs fois sont rares : eux seuls sont mis en ordre
    repetes as (select cle from lues group by cle having count(*) > 1),

    comptees as (
        select *, entier(nombre) as compte from lues where cle in (select cle from repetes)
    ),

    rangs as (
        select
            comptees.fichier,
            comptees.ligne,
            row_number() over precedences as rang,
            first_value(comptees.compte) over precedences as nombre_retenu,
            first_value(comptees.fichier) over precedences as fichier_retenu
        from comptees
        left join fichiers on comptees.fichier = fichiers.fichier
        window
            -- une ligne sans nombre, qui sera rejetée, n'en remplace aucune
            precedences as (
                partition by comptees.cle
                order by
                    coalesce(comptees.compte >= 0, false) desc,
                    fichiers.rang_millesime,
                    comptees.fichier,
                    comptees.ligne
            )
    ),

    final as (select fichier, ligne, nombre_retenu, fichier_retenu from rangs where rang > 1)

select *
from final
