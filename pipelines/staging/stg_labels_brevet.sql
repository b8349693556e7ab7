-- Grain : un collège du fichier du brevet le plus récent, avec ses indicateurs REP et REP+.
with
    lues as (select * from raw_effectifs_brevet),
    fichiers as (select * from stg_fichier where source = 'effectifs_brevet'),

    nettoyees as (
        select
            lues.fichier,
            lues.ligne,
            uai_propre(lues.uai) as uai,
            annee_rentree(lues.session) - 1 as rentree,
            oui_non(lues.rep) as est_rep,
            oui_non(lues.rep_plus) as est_rep_plus,
            fichiers.rang_millesime
        from lues
        left join fichiers on lues.fichier = fichiers.fichier
    ),

    final as (
        select
            fichier,
            ligne,
            uai,
            rentree,
            est_rep,
            est_rep_plus,
            case when est_rep_plus then 'REP+' when est_rep then 'REP' end as ep
        from nettoyees
        where est_uai(uai)
        qualify
            row_number() over (
                partition by uai order by rentree desc nulls last, rang_millesime, fichier, ligne
            )
            = 1
    )

select *
from final
