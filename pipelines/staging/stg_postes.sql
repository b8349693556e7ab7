-- Grain : un poste.
with
    lignes as (select * from stg_postes_lignes),

    final as (
        select
            poste_id,
            fonction,
            quotite_etp,
            residence_uai,
            statut,
            bassin,
            hors_secteur_etp,
            hors_secteur_motif,
            sans_secteur,
            est_simule,
            fichier,
            ligne
        from lignes
        where sort = 'gardee'
    )

select *
from final
