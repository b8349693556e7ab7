-- Grain : un établissement (UAI) de la liste des REP et REP+.
with
    lignes as (select * from stg_education_prioritaire_lignes),

    final as (
        select uai, uai_tete_reseau, ep, type_liste, nom, commune, departement, fichier, ligne
        from lignes
        where sort = 'gardee'
    )

select *
from final
