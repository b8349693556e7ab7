-- Grain : une ligne par ligne lue des fichiers d'IPS (collèges, lycées, écoles), avec son sort.
with
    colleges as (
        select 'ips_colleges' as source, fichier, ligne, rentree_scolaire, uai, ips as ips_lu
        from raw_ips_colleges
    ),

    lycees as (
        select
            'ips_lycees' as source,
            fichier,
            ligne,
            rentree_scolaire,
            uai,
            coalesce(texte(ips_ensemble), texte(ips_voie_gt), texte(ips_voie_pro)) as ips_lu
        from raw_ips_lycees
    ),

    ecoles as (
        select 'ips_ecoles' as source, fichier, ligne, rentree_scolaire, uai, ips as ips_lu
        from raw_ips_ecoles
    ),

    reunies as (
        select *
        from colleges
        union all
        select *
        from lycees
        union all
        select *
        from ecoles
    ),

    nettoyees as (
        select
            source,
            fichier,
            ligne,
            uai_propre(uai) as uai,
            annee_rentree(rentree_scolaire) as rentree,
            nombre(ips_lu) as ips,
            ips_lu,
            uai as valeur_lue
        from reunies
    ),

    classees as (
        select
            *,
            row_number() over (
                partition by source, uai, rentree order by fichier desc, ligne
            ) as rang
        from nettoyees
    ),

    final as (
        select
            *,
            case
                when not est_uai(uai) or rentree is null
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                when not est_uai(uai)
                then 'uai_illisible'
                when rentree is null
                then 'rentree_illisible'
                when rang > 1
                then 'uai_deux_lignes'
                when ips is null
                then 'ips_non_publie'
            end as anomalie,
            case
                when est_uai(uai) and rentree is not null then 'ips' else 'uai'
            end as anomalie_colonne,
            case
                when est_uai(uai) and ips is null then ips_lu else valeur_lue
            end as anomalie_valeur
        from classees
    )

select *
from final
