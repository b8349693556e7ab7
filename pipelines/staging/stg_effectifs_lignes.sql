-- Grain : une ligne par ligne lue des fichiers d'effectifs, avec son sort.
with
    colleges as (
        select 'effectifs_colleges' as source, fichier, ligne, uai, effectif, rentree as annee_lue
        from raw_effectifs_colleges
    ),

    brevet as (
        -- l'effectif joint à une session d'examen est celui de la rentrée précédente
        select
            'effectifs_brevet' as source,
            fichier,
            ligne,
            uai,
            effectif,
            cast(annee_rentree(session) - 1 as varchar) as annee_lue
        from raw_effectifs_brevet
    ),

    lycees_gt as (
        select 'effectifs_lycees_gt' as source, fichier, ligne, uai, effectif, rentree as annee_lue
        from raw_effectifs_lycees_gt
    ),

    lycees_pro as (
        select 'effectifs_lycees_pro' as source, fichier, ligne, uai, effectif, rentree as annee_lue
        from raw_effectifs_lycees_pro
    ),

    second_degre as (
        select
            'effectifs_second_degre' as source,
            fichier,
            ligne,
            uai,
            effectif,
            annee_scolaire as annee_lue
        from raw_effectifs_second_degre
    ),

    ecoles as (
        select 'effectifs_ecoles' as source, fichier, ligne, uai, effectif, rentree as annee_lue
        from raw_effectifs_ecoles
    ),

    reunies as (
        select *
        from colleges
        union all
        select *
        from brevet
        union all
        select *
        from lycees_gt
        union all
        select *
        from lycees_pro
        union all
        select *
        from second_degre
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
            annee_rentree(annee_lue) as rentree,
            entier(effectif) as effectif,
            uai as valeur_lue,
            effectif as effectif_lu
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
                when effectif is null
                then 'effectif_vide'
            end as anomalie,
            case
                when est_uai(uai) and rentree is not null then 'effectif' else 'uai'
            end as anomalie_colonne,
            case
                when est_uai(uai) and effectif is null then effectif_lu else valeur_lue
            end as anomalie_valeur
        from classees
    )

select *
from final
