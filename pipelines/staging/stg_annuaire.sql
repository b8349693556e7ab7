-- Grain : un établissement (UAI) de l'annuaire, tous ministères et secteurs.
with
    lignes as (select * from stg_annuaire_lignes),

    final as (
        select
            * exclude (
                source,
                sort,
                rang,
                valeur_lue,
                nb_communes,
                nb_fichiers,
                rang_millesime,
                rang_le_plus_recent,
                deplacement_km
            )
        from lignes
        where sort = 'gardee'
    )

select *
from final
