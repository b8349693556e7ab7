-- Grain : un poste du service dont la résidence est dans un département demandé, ou inconnue.
with
    postes as (select * from stg_postes),
    etablissements as (select * from mart_etablissement),
    annuaire as (select * from stg_annuaire),
    rattachements as (select * from mart_rattachement),
    sites as (select * from mart_site),

    final as (
        select
            postes.poste_id,
            postes.fonction,
            postes.quotite_etp,
            postes.residence_uai,
            etablissements.nom as residence,
            etablissements.commune as residence_commune,
            etablissements.commune_de_reference as residence_commune_code,
            etablissements.departement,
            coalesce(postes.bassin, etablissements.bassin) as bassin,
            -- une section a le réseau du site dont elle est
            coalesce(
                etablissements.reseau_etablissements, sites.reseau_etablissements
            ) as reseau_etablissements,
            etablissements.latitude,
            etablissements.longitude,
            etablissements.densite,
            postes.statut,
            postes.hors_secteur_etp,
            postes.hors_secteur_motif,
            postes.sans_secteur,
            postes.est_simule,
            postes.fichier,
            postes.ligne
        from postes
        left join etablissements on postes.residence_uai = etablissements.uai
        left join annuaire on postes.residence_uai = annuaire.uai
        left join rattachements on postes.residence_uai = rattachements.uai
        left join sites on rattachements.site_id = sites.site_id
        where etablissements.uai is not null or annuaire.uai is null
    )

select *
from final
