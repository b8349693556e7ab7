-- Grain : une ligne d'activité qui répète un relevé donné par une autre, laquelle est gardée.
with
    lues as (select * from raw_activite),
    fichiers as (select * from stg_fichier where source = 'activite'),

    -- les relevés donnés plusieurs fois sont rares : eux seuls sont mis en ordre
    cles as (
        select
            hash(
                annee_rentree(annee_scolaire),
                sans_accents(periode),
                uai_propre(uai),
                lower(texte(indicateur)),
                lower(texte(modalite))
            ) as cle
        from lues
    ),
    repetes as (select cle from cles group by cle having count(*) > 1),

    rangs as (
        select
            lues.fichier,
            lues.ligne,
            row_number() over (
                partition by
                    annee_rentree(lues.annee_scolaire),
                    sans_accents(lues.periode),
                    uai_propre(lues.uai),
                    lower(texte(lues.indicateur)),
                    lower(texte(lues.modalite))
                order by fichiers.rang_millesime, lues.fichier, lues.ligne
            ) as rang
        from lues
        left join fichiers on lues.fichier = fichiers.fichier
        where
            hash(
                annee_rentree(lues.annee_scolaire),
                sans_accents(lues.periode),
                uai_propre(lues.uai),
                lower(texte(lues.indicateur)),
                lower(texte(lues.modalite))
            )
            in (select cle from repetes)
    ),

    final as (select fichier, ligne from rangs where rang > 1)

select *
from final
