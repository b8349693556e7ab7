-- Grain : une ligne par ligne lue de la liste des REP et REP+, avec son sort.
with
    lues as (select * from raw_education_prioritaire),

    nettoyees as (
        select
            fichier,
            ligne,
            uai_propre(uai) as uai,
            uai_propre(uai_tete_de_reseau) as uai_tete_reseau,
            replace(upper(texte(ep)), ' ', '') as ep,
            upper(texte(type_d_etablissement)) as type_liste,
            texte(nom) as nom,
            texte(commune) as commune,
            departement_de(departement) as departement,
            uai as valeur_lue,
            ep as ep_lue
        from lues
    ),

    classees as (
        select
            *,
            row_number() over (partition by uai order by fichier desc, ligne) as rang,
            count(distinct uai_tete_reseau) over (partition by uai) as nb_reseaux
        from nettoyees
    ),

    final as (
        select
            *,
            'education_prioritaire' as source,
            case
                when not est_uai(uai) or coalesce(ep, '') not in ('REP', 'REP+')
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when uai is null
                then 'uai_absent'
                when not est_uai(uai)
                then 'uai_illisible'
                when coalesce(ep, '') not in ('REP', 'REP+')
                then 'ep_inconnue'
                when rang > 1 and nb_reseaux > 1
                then 'ecole_deux_reseaux'
                when rang > 1
                then 'uai_deux_lignes'
                when not cle_uai_juste(uai)
                then 'uai_cle_fausse'
                when valeur_lue != uai
                then 'uai_minuscules'
            end as anomalie,
            'uai' as anomalie_colonne,
            coalesce(valeur_lue, nom) as anomalie_valeur
        from classees
    )

select *
from final
