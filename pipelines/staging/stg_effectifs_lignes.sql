-- Grain : une ligne par ligne lue des fichiers d'effectifs, avec son sort.
with
    fichiers as (select * from stg_fichier),
    effectif_max as (select valeur from ref_parametres where nom = 'effectif_max'),

    colleges as (
        select
            'effectifs_colleges' as source,
            fichier,
            ligne,
            uai,
            effectif,
            rentree as annee_lue,
            eleves_segpa,
            eleves_ulis
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
            cast(annee_rentree(session) - 1 as varchar) as annee_lue,
            eleves_segpa,
            eleves_ulis
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
        union all by name
        select *
        from brevet
        union all by name
        select *
        from lycees_gt
        union all by name
        select *
        from lycees_pro
        union all by name
        select *
        from second_degre
        union all by name
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
            case
                when entier(effectif) between 0 and effectif_max.valeur then entier(effectif)
            end as effectif,
            nombre(effectif) < 0 or nombre(effectif) > effectif_max.valeur as est_impossible,
            case
                when entier(eleves_segpa) between 0 and effectif_max.valeur
                then entier(eleves_segpa)
            end as eleves_segpa,
            case
                when entier(eleves_ulis) between 0 and effectif_max.valeur then entier(eleves_ulis)
            end as eleves_ulis,
            uai as valeur_lue,
            annee_lue,
            effectif as effectif_lu,
            eleves_segpa as eleves_segpa_lus,
            eleves_ulis as eleves_ulis_lus
        from reunies
        cross join effectif_max
    ),

    classees as (
        select
            nettoyees.*,
            fichiers.rang_millesime,
            row_number() over (
                partition by nettoyees.source, nettoyees.uai, nettoyees.rentree
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as rang,
            first_value(nettoyees.fichier) over (
                partition by nettoyees.source, nettoyees.uai, nettoyees.rentree
                order by fichiers.rang_millesime, nettoyees.fichier, nettoyees.ligne
            ) as fichier_retenu
        from nettoyees
        left join
            fichiers on nettoyees.source = fichiers.source and nettoyees.fichier = fichiers.fichier
    ),

    jugees as (
        select
            *,
            case
                when uai is null
                then 'uai_absent'
                when not est_uai(uai)
                then 'uai_illisible'
                when rentree is null
                then 'rentree_illisible'
                when rentree > year(current_date)
                then 'rentree_a_venir'
                when rang > 1 and fichier != fichier_retenu
                then 'remplacee_par_plus_recent'
                when rang > 1
                then 'uai_deux_lignes'
                when not cle_uai_juste(uai)
                then 'uai_cle_fausse'
                when effectif is null and est_impossible
                then 'effectif_impossible'
                when effectif is null
                then 'effectif_vide'
                when uai_a_perdu_un_zero(valeur_lue)
                then 'uai_zero_perdu'
                when eleves_segpa is null and texte(eleves_segpa_lus) is not null
                then 'eleves_segpa_illisible'
                when eleves_ulis is null and texte(eleves_ulis_lus) is not null
                then 'eleves_ulis_illisible'
            end as anomalie
        from classees
    ),

    final as (
        select
            * exclude (est_impossible),
            case
                when not est_uai(uai) or rentree is null or rentree > year(current_date)
                then 'rejetee'
                when rang > 1
                then 'fusionnee'
                else 'gardee'
            end as sort,
            case
                anomalie
                when 'effectif_vide'
                then 'effectif'
                when 'effectif_impossible'
                then 'effectif'
                when 'rentree_illisible'
                then 'rentree'
                when 'rentree_a_venir'
                then 'rentree'
                when 'eleves_segpa_illisible'
                then 'eleves_segpa'
                when 'eleves_ulis_illisible'
                then 'eleves_ulis'
                else 'uai'
            end as anomalie_colonne,
            case
                anomalie
                when 'effectif_vide'
                then effectif_lu
                when 'effectif_impossible'
                then effectif_lu
                when 'rentree_illisible'
                then annee_lue
                when 'rentree_a_venir'
                then annee_lue
                when 'eleves_segpa_illisible'
                then eleves_segpa_lus
                when 'eleves_ulis_illisible'
                then eleves_ulis_lus
                else valeur_lue
            end as anomalie_valeur
        from jugees
    )

select *
from final
