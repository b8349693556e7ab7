-- Grain : un établissement, ses élèves de SEGPA et d'ULIS à la dernière rentrée qui les compte.
with
    -- mêmes fichiers, et même ordre entre eux, que pour l'effectif : le brevet ne sert qu'à défaut
    lignes as (
        select *
        from stg_effectifs_lignes
        where sort = 'gardee' and source in ('effectifs_colleges', 'effectifs_brevet')
    ),

    segpa as (
        select uai, rentree, eleves_segpa, source, fichier
        from lignes
        where eleves_segpa is not null
        qualify
            row_number() over (
                partition by uai order by rentree desc, source = 'effectifs_brevet', fichier
            )
            = 1
    ),

    ulis as (
        select uai, rentree, eleves_ulis, source, fichier
        from lignes
        where eleves_ulis is not null
        qualify
            row_number() over (
                partition by uai order by rentree desc, source = 'effectifs_brevet', fichier
            )
            = 1
    ),

    final as (
        select
            coalesce(segpa.uai, ulis.uai) as uai,
            segpa.eleves_segpa,
            segpa.rentree as eleves_segpa_rentree,
            segpa.source as eleves_segpa_source,
            segpa.fichier as eleves_segpa_fichier,
            ulis.eleves_ulis,
            ulis.rentree as eleves_ulis_rentree,
            ulis.source as eleves_ulis_source,
            ulis.fichier as eleves_ulis_fichier
        from segpa
        full outer join ulis on segpa.uai = ulis.uai
    )

select *
from final
