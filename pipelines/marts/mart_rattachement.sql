-- Grain : un établissement du périmètre, et le site auquel sa présence est donnée.
with
    etablissements as (select * from mart_etablissement where dans_perimetre),

    meres as (select uai from etablissements where type != 'ECOLE' and not est_section),

    final as (
        select
            etablissements.uai,
            case
                when etablissements.type = 'ECOLE'
                then 'RESEAU-' || etablissements.uai_tete_reseau
                when etablissements.est_section and meres.uai is not null
                then meres.uai
                else etablissements.uai
            end as site_id,
            case
                when etablissements.type = 'ECOLE'
                then 'ecole_rep_plus'
                when etablissements.est_section and meres.uai is not null
                then 'section_de_la_mere'
                when etablissements.est_section
                then 'section_sans_mere'
                else 'etablissement'
            end as raison
        from etablissements
        left join meres on etablissements.uai_mere = meres.uai
    )

select *
from final
