-- Grain : une ligne par ligne lue des fichiers d'effectifs, avec son sort.
with
    fichiers as (select * from stg_fichier),
    effectif_max as (select valeur from ref_parametres where nom = 'effectif_max'),
    ecart_max as (select valeur from ref_parametres where nom = 'ecart_effectif_max'),
    ecart_min as (select valeur from ref_parametres where nom = 'ecart_effectif_min_eleves'),

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
            row_number() over rangs as rang,
            first_value(nettoyees.fichier) over rangs as fichier_retenu,
            first_value(fichiers.rang_millesime) over rangs as millesime_retenu,
            first_value(nettoyees.effectif) over rangs as effectif_retenu
        from nettoyees
        left join
            fichiers on nettoyees.source = fichiers.source and nettoyees.fichier = fichiers.fichier
        window
            -- de deux lignes, celle qui donne la valeur, puis celle du fichier le plus récent
            rangs as (
                partition by nettoyees.source, nettoyees.uai, nettoyees.rentree
                order by
                    nettoyees.effectif is null,
                    fichiers.rang_millesime,
                    nettoyees.fichier,
                    nettoyees.ligne
            )
    ),

    -- d'un fichier à l'autre une révision est ordinaire, non un écart ; dans un même fichier, tout
    -- nombre autre en contredit un
    comparees as (
        select
            classees.*,
            not est_uai(uai) or rentree is null or rentree > year(current_date) as est_perdue,
            effectif is null
            and row(rang_millesime, fichier) < row(millesime_retenu, fichier_retenu) as est_reprise,
            effectif != effectif_retenu
            and (
                fichier = fichier_retenu
                or abs(effectif - effectif_retenu) > ecart_max.valeur * effectif_retenu
                and abs(effectif - effectif_retenu) >= ecart_min.valeur
            ) as est_contraire
        from classees
        cross join ecart_max
        cross join ecart_min
    ),

    jugees as (
        select
            *,
            case
                when not est_perdue and rang > 1
                then motif_de_fusion(est_reprise, est_contraire, fichier != fichier_retenu)
            end as motif_fusion,
            motif_uai(uai, valeur_lue) as motif_uai,
            motif_rentree(rentree) as motif_rentree,
            case
                when effectif is null and est_impossible
                then 'effectif_impossible'
                when effectif is null
                then 'effectif_vide'
            end as motif_effectif,
            case
                when eleves_segpa is null and texte(eleves_segpa_lus) is not null
                then 'eleves_segpa_illisible'
            end as motif_segpa,
            case
                when eleves_ulis is null and texte(eleves_ulis_lus) is not null
                then 'eleves_ulis_illisible'
            end as motif_ulis
        from comparees
    ),

    final as (
        select
            source,
            fichier,
            ligne,
            uai,
            rentree,
            effectif,
            eleves_segpa,
            eleves_ulis,
            rang_millesime,
            sort_de(est_perdue, rang) as sort,
            case
                when motif_fusion = 'valeur_reprise'
                then
                    [
                        cellule(
                            'effectif',
                            retenu(a_la_rentree(uai, rentree), effectif_retenu, fichier_retenu),
                            motif_fusion
                        )
                    ]
                when motif_fusion = 'lignes_contraires'
                then
                    [
                        cellule(
                            'effectif',
                            contraires(
                                a_la_rentree(uai, rentree),
                                effectif,
                                effectif_retenu,
                                fichier_retenu
                            ),
                            motif_fusion
                        )
                    ]
                when motif_fusion is not null
                then [cellule('uai', valeur_lue, motif_fusion)]
                when
                    coalesce(motif_uai, motif_rentree, motif_effectif, motif_segpa, motif_ulis)
                    is not null
                then
                    a_redire(
                        [
                            cellule('uai', valeur_lue, motif_uai),
                            cellule('rentree', annee_lue, motif_rentree),
                            cellule('effectif', effectif_lu, motif_effectif),
                            cellule('eleves_segpa', eleves_segpa_lus, motif_segpa),
                            cellule('eleves_ulis', eleves_ulis_lus, motif_ulis)
                        ]
                    )
            end as anomalies
        from jugees
    )

select *
from final
