-- Grain : une ligne d'activité qui répète un relevé donné par une autre, laquelle est gardée.
with
    fichiers as (select * from stg_fichier where source = 'activite'),
    uais as (select * from stg_activite_uai),

    lues as (
        select
            activite.fichier,
            activite.ligne,
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

    rangs as (
        select
            lues.fichier,
            lues.ligne,
            row_number() over (
                partition by lues.cle order by fichiers.rang_millesime, lues.fichier, lues.ligne
            ) as rang
        from lues
        left join fichiers on lues.fichier = fichiers.fichier
        where lues.cle in (select cle from repetes)
    ),

    final as (select fichier, ligne from rangs where rang > 1)

select *
from final
